"""PACK and UNPACK. Source of the rules: TFLM ``pack.cc``, ``unpack.cc``."""

from __future__ import annotations

from ember_infer_core.ops.pack import prepare, prepare_unpack
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved
from ember_infer_macros.tflite.options import PackOptions, UnpackOptions
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a PACK or an UNPACK."""
    return _pack(source) if source.operator.code is BuiltinOperator.PACK else _unpack(source)


def _pack(source: OperatorSource) -> Lowered:
    source.one_output()
    inputs, options = source.inputs(), source.options(PackOptions)
    _check_count(source, options.values_count, len(inputs), "values_count", "inputs")
    shapes = tuple(tensor.shape for tensor in inputs)
    output_shape = source.output().shape
    return moved(source, prepare, inputs, axis=options.axis, inputs_shapes=shapes, output_shape=output_shape)


def _unpack(source: OperatorSource) -> Lowered:
    source.input_count((1,))
    data, outputs, options = source.input(0), source.outputs(), source.options(UnpackOptions)
    _check_count(source, options.num, len(outputs), "num", "outputs")
    shapes = tuple(tensor.shape for tensor in outputs)
    return moved(source, prepare_unpack, [data], axis=options.axis, input_shape=data.shape, outputs_shapes=shapes)


def _check_count(source: OperatorSource, option: int, count: int, name: str, role: str) -> None:
    """TFLM moves as many tensors as the option says, whatever their number."""
    if option != count:
        raise source.fail(f"{name} is {option}, and there are {count} {role}")
