"""REDUCE_MAX, REDUCE_MIN and REDUCE_ALL, and what lowering a reduction needs. Source: TFLM ``reduce_common.cc``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ember_infer_core.ops.reduction import prepare
from ember_infer_core.slots import OperatorParams
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.schema import BuiltinOperator, TensorType

__all__ = ["constant_axes", "lower", "lowered_reduction"]

_METHODS: Mapping[BuiltinOperator, str] = {
    BuiltinOperator.REDUCE_ALL: "reduce_all",
    BuiltinOperator.REDUCE_MAX: "reduce_max",
    BuiltinOperator.REDUCE_MIN: "reduce_min",
}
_QUANTIZED = (TensorType.INT8, TensorType.INT16)


def lower(source: OperatorSource) -> Lowered:
    """The call of a reduction that picks one of the elements."""
    assert source.operator.code is not None  # it was looked up by this
    return lowered_reduction(source, _METHODS[source.operator.code], prepare)


def lowered_reduction(
    source: OperatorSource, method: str, prepare: Callable[..., OperatorParams], **fields: Any
) -> Lowered:
    """The call of an operator with the inputs tensor and axes, and an output of the same type.

    The option ``keep_dims`` has no meaning here: the output's shape says it.
    """
    source.arity((2,))
    tensors = {"input": source.input(0), "output": source.output()}
    fields |= {f"{name}_shape": tensor.shape for name, tensor in tensors.items()}
    if tensors["input"].type in _QUANTIZED:
        fields |= {f"{name}_quant": source.quant(tensor) for name, tensor in tensors.items()}
    fields |= {"axes": constant_axes(source), "dtype": source.dtype(tensors["input"])}
    return Lowered(method, source.prepare(prepare, **fields), {name: tensor.index for name, tensor in tensors.items()})


def constant_axes(source: OperatorSource) -> tuple[int, ...]:
    """The content of the second input, int32 of whatever shape, which must be a constant."""
    return tuple(source.whole_numbers(source.input(1)))
