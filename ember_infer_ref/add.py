"""ADD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.activation import check_activation
from ember_infer_core.ops.add import add_elements
from ember_infer_core.slots import Int8Array
from ember_infer_ref.affine import Int64Array
from ember_infer_ref.pair_table import prepare_pairs
from ember_infer_ref.plan import Step, run_prepared

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

    def sums(values1: Int64Array, values2: Int64Array) -> Int8Array:
        return add_elements(params, values1, values2)

    return prepare_pairs(sums, params.input1, params.input2, params.output, reused=params.cache is not None)
