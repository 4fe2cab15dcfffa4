"""ADD."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.fixed_point import multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.ops.common import Int8Array
from ember_infer_ref.affine import Int64Array
from ember_infer_ref.pair_table import prepare_pairs
from ember_infer_ref.plan import Step, check_activation, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.add import ElementwiseAddParams

__all__ = ["add"]


def add(params: ElementwiseAddParams) -> None:
    """ADD. Source: TFLM ``reference_integer_ops::AddFunc``.

    Raises:
        InvalidShape, UnsupportedActivation: nothing was written.
    """
    run_prepared(params, "ref.add", _prepare)


def _prepare(params: ElementwiseAddParams) -> Step:
    check_activation(params)

    def scaled(values: Int64Array, offset: int, multiplier: int, shift: int) -> Int64Array:
        return multiply_by_quantized_multiplier((values + offset) << params.left_shift, multiplier, shift)

    def sums(values1: Int64Array, values2: Int64Array) -> Int8Array:
        scaled1 = scaled(values1, params.input1_offset, params.input1_multiplier, params.input1_shift)
        scaled2 = scaled(values2, params.input2_offset, params.input2_multiplier, params.input2_shift)
        total = wrap_int32(scaled1 + scaled2)
        result = multiply_by_quantized_multiplier(total, params.output_multiplier, params.output_shift)
        result = wrap_int32(result + params.output_offset)
        return np.clip(result, params.activation_min, params.activation_max).astype(np.int8)

    return prepare_pairs(sums, params.input1, params.input2, params.output, reused=params.cache is not None)
