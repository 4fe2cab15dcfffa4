"""MUL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_core.ops.mul import mul_elements
from ember_infer_core.slots import Int8Array
from ember_infer_ref.affine import Int64Array
from ember_infer_ref.pair_table import prepare_pairs
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.mul import MulParams

__all__ = ["mul"]


def mul(params: MulParams) -> None:
    """MUL. Source: TFLM ``reference_integer_ops::MulElementwise``.

    Raises:
        InvalidShape, UnsupportedActivation: nothing was written.
    """
    run_prepared(params, "ref.mul", _prepare)


def _prepare(params: MulParams) -> Step:
    check_activation(params)

    def products(values1: Int64Array, values2: Int64Array) -> Int8Array:
        return mul_elements(params, values1, values2)

    return prepare_pairs(products, params.input1, params.input2, params.output, reused=params.cache is not None)
