"""What lowering has in common for operators along axes: reductions and functions of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ember_infer_core.slots import OperatorParams
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.tflite.schema import TensorType

__all__ = ["along_axes", "of_rows"]

_QUANTIZED = (TensorType.INT8, TensorType.INT16)


def along_axes(
    source: OperatorSource, method: str, prepare: Callable[..., OperatorParams], **attributes: Any
) -> Lowered:
    """The call of an operator whose second input holds its axes, int32 of whatever shape, and must be a constant.

    The option ``keep_dims`` of reductions has no meaning: the output's shape says it.
    """
    source.arity((2,))
    axes = tuple(source.whole_numbers(source.input(1)))
    return of_rows(source, method, prepare, axes=axes, **attributes)


def of_rows(source: OperatorSource, method: str, prepare: Callable[..., OperatorParams], **attributes: Any) -> Lowered:
    """The call of an operator whose first input and only output are its operands.

    Args:
        source: the operator.
        method: of :class:`KernelBackend`.
        prepare: takes ``<name>_shape`` and, of int8 and int16, ``<name>_quant`` of both, the input's ``dtype``, and
            ``attributes``.
        attributes: what else the operator has.
    """
    tensors = {"input": source.input(0), "output": source.output()}
    quantized = [name for name, tensor in tensors.items() if tensor.type in _QUANTIZED]
    dtype = source.dtype(tensors["input"])
    return source.lowered(method, prepare, tensors, quantized, dtype=dtype, **attributes)
