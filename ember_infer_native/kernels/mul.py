"""MUL of int8: products, scaled as the sums of convolutions are where that is proved exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.quantization import INT8_MAX, INT8_MIN
from ember_infer_native.kernels.arithmetic import arithmetic_operator
from ember_infer_native.kernels.pairs import Way
from ember_infer_native.kernels.sums import Scaled, pack_requantization
from ember_infer_native.plan import Kernel
from ember_infer_native.requantization import Way as RequantizationWay
from ember_infer_native.requantization import plan_requantization

if TYPE_CHECKING:
    from ember_infer_core.ops.mul import MulParams
    from ember_infer_native.kernels.context import Context

__all__ = ["MUL"]

_PRODUCTS = Kernel("products", "pairs", "products", 4)


def _products(context: Context, params: MulParams) -> Way | None:
    target = context.target
    corners = [
        (value1 + params.input1_offset) * (value2 + params.input2_offset)
        for value1 in (INT8_MIN, INT8_MAX)
        for value2 in (INT8_MIN, INT8_MAX)
    ]
    requantization = plan_requantization(
        np.array([min(corners)], np.int64),
        np.array([max(corners)], np.int64),
        np.array([params.output_multiplier], np.int32),
        np.array([params.output_shift], np.int32),
        params.output_offset,
        params.activation_min,
        params.activation_max,
        target.floats,  # what is spent on them, pairs.py counts
    )
    choice = requantization.choice()
    if choice.way is RequantizationWay.EXACT:
        return None  # in 64 bits, which takes longer than the table
    scaled = Scaled(np.zeros(1, np.int32), requantization).map(lambda array: np.repeat(array, target.lanes))
    fields = {
        "zero1": target.bias - params.input1_offset,
        "zero2": target.bias - params.input2_offset,
        **scaled.requantization.fields(choice, target, 1),
    }
    return Way(_PRODUCTS, fields, pack_requantization(scaled, choice, target.lanes))


MUL = arithmetic_operator("mul", _products, (_PRODUCTS,))
