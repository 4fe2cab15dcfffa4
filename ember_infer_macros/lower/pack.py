"""PACK and UNPACK. Source of the rules: TFLM ``pack.cc``, ``unpack.cc``."""

from __future__ import annotations

from ember_infer_core.ops.pack import prepare, prepare_unpack
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.lower.movement import moved
from ember_infer_macros.tflite.options import PackOptions, UnpackOptions
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a PACK or an UNPACK."""
    return _pack(source) if source.operator.code is BuiltinOperator.PACK else _unpack(source)


def _pack(source: OperatorSource) -> Lowered:
    source.one_output()
    options = source.options(PackOptions)
    inputs = source.inputs()
    if options.values_count > len(inputs):
        raise source.fail(f"values_count is {options.values_count}, and there are {len(inputs)} inputs")
    source.positive(values_count=options.values_count)
    packed = inputs[: options.values_count]  # TFLM does not look at what follows
    shapes = tuple(tensor.shape for tensor in packed)
    output_shape = source.output().shape
    return moved(source, prepare, packed, axis=options.axis, inputs_shapes=shapes, output_shape=output_shape)


def _unpack(source: OperatorSource) -> Lowered:
    source.input_count((1,))
    data, outputs, options = source.input(0), source.outputs(), source.options(UnpackOptions)
    if options.num > len(outputs):
        raise source.fail(f"num is {options.num}, and there are {len(outputs)} outputs")
    if options.num < len(outputs):
        raise Refusal(f"num is {options.num}, and nothing writes the rest of {len(outputs)} outputs")
    shapes = tuple(tensor.shape for tensor in outputs)
    return moved(source, prepare_unpack, [data], axis=options.axis, input_shape=data.shape, outputs_shapes=shapes)
