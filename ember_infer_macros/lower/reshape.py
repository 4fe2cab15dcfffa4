"""RESHAPE, SQUEEZE, EXPAND_DIMS: elements in their order; a pass turns most of these calls into aliases. SHAPE and
BROADCAST_ARGS: what they give is known now, and copied.

Source of the rules: TFLM ``reshape_common.cc``, ``squeeze.cc``, ``expand_dims.cc``, ``shape.cc`` and
``broadcast_args.cc``.
"""

from __future__ import annotations

import numpy as np

from ember_infer_core.ops.reshape import prepare
from ember_infer_core.slots import AnyArray, Shape
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.graph import shape_text
from ember_infer_macros.tflite.options import SqueezeOptions
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of any of them."""
    code = source.operator.code
    if code is BuiltinOperator.SHAPE:
        source.arity((1,))
        return _known(source, source.input(0).shape)
    if code is BuiltinOperator.BROADCAST_ARGS:
        source.arity((2,))
        return _known(source, _broadcast(source))
    if code is BuiltinOperator.SQUEEZE:
        source.arity((1,))
        _check_shape(source, _squeezed(source))
    elif code is BuiltinOperator.EXPAND_DIMS:
        source.arity((2,))
        _check_shape(source, _expanded(source))
    else:
        source.arity((1, 2))
    return _reshape(source, source.input(0).shape, {"input": source.input(0).index})


def _reshape(
    source: OperatorSource, input_shape: Shape, operands: dict[str, int], constants: dict[str, AnyArray] | None = None
) -> Lowered:
    output = source.output()
    params = source.prepare(prepare, input_shape=input_shape, output_shape=output.shape, dtype=source.dtype(output))
    return Lowered("reshape", params, operands | {"output": output.index}, constants or {})


def _known(source: OperatorSource, shape: Shape) -> Lowered:
    """A copy of the numbers of a shape."""
    numbers = np.array(shape, source.dtype(source.output()))
    _check_shape(source, numbers.shape)
    return _reshape(source, numbers.shape, {}, {"input": numbers})


def _broadcast(source: OperatorSource) -> Shape:
    shapes = [tuple(source.whole_numbers(tensor)) for tensor in source.inputs()]
    try:
        return np.broadcast_shapes(*shapes)
    except (ValueError, RuntimeError):  # NumPy has room for 32 or 64 axes
        described = " and ".join(map(shape_text, shapes))
        raise Refusal(f"shapes {described} do not broadcast; TensorFlow Lite Micro refuses this too") from None


def _squeezed(source: OperatorSource) -> Shape:
    shape = source.input(0).shape
    rank = len(shape)
    axes = source.options_or_default(SqueezeOptions).squeeze_dims or [axis for axis in range(rank) if shape[axis] == 1]
    for axis in axes:
        if not -rank <= axis < rank or shape[axis] != 1:
            raise Refusal(f"shape {list(shape)} has no axis {axis} of size 1; TensorFlow Lite Micro refuses this too")
    gone = {axis % rank for axis in axes}
    return tuple(size for axis, size in enumerate(shape) if axis not in gone)


def _expanded(source: OperatorSource) -> Shape:
    shape, axis = source.input(0).shape, source.written_numbers(source.input(1))[0]
    if not -len(shape) - 1 <= axis <= len(shape):
        raise Refusal(f"shape {list(shape)} has no place for an axis {axis}; TensorFlow Lite Micro refuses this too")
    axis %= len(shape) + 1
    return (*shape[:axis], 1, *shape[axis:])


def _check_shape(source: OperatorSource, shape: Shape) -> None:
    if source.output().shape != shape:
        raise source.fail(f"the output has shape {list(source.output().shape)}, not {list(shape)}")
