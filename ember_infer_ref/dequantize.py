"""DEQUANTIZE. Source: TFLM ``reference_ops::Dequantize``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ember_infer_core.ops.lookup import LookupParams
from ember_infer_core.quantization import dequantize as real_values
from ember_infer_ref.lookup import lookup_kernel

if TYPE_CHECKING:
    from ember_infer_core.slots import AnyArray

__all__ = ["dequantize"]


def _dequantized(values: AnyArray, params: LookupParams) -> AnyArray:
    return real_values(values, params.input_quant)


dequantize: Callable[[LookupParams], None] = lookup_kernel("dequantize", _dequantized)
