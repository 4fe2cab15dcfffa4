"""Elementwise functions of two tensors: what their lowerings share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ember_infer_core.slots import OperatorParams
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.graph import GraphTensor

__all__ = ["QUANTIZED", "check_unquantized", "lower_pair"]

# The slots whose quantisation counts, where an operator says nothing else.
QUANTIZED = ("input1", "input2", "output")


def lower_pair(
    source: OperatorSource,
    prepare: Callable[..., OperatorParams],
    quantized: Sequence[str] = QUANTIZED,
    **fields: Any,
) -> Lowered:
    """The call of an operator whose method has its name in small letters.

    Args:
        source: the operator.
        prepare: takes ``dtype``, ``<slot>_shape`` of each slot, ``<slot>_quant`` of those ``quantized`` over int8, and
            ``fields``.
        quantized: slots that have a quantisation over int8.
        fields: what else the operator has.
    """
    source.arity((2,))
    tensors = {"input1": source.input(0), "input2": source.input(1), "output": source.output()}
    dtype = source.dtype(tensors["input1"])
    return source.lowered(
        source.operator.name.lower(),
        prepare,
        tensors,
        quantized if dtype == np.int8 else (),
        dtype=dtype,
        **fields,
    )


def check_unquantized(source: OperatorSource, *tensors: GraphTensor) -> None:
    """Checks that int32 tensors hold the values themselves, where TFLM insists on it.

    Raises:
        Refusal: one has a scale.
    """
    for tensor in tensors:
        if source.dtype(tensor) == np.int32 and tensor.quantization is not None:
            raise Refusal(f"{tensor.describe()} is quantised; TensorFlow Lite Micro refuses int32 with a scale here")
