"""Elementwise functions of two tensors: one kernel for all, because their parameters know the function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_ref.pair_table import prepare_pairs
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.pairs import PairParams

__all__ = ["pairs"]


def pairs(params: PairParams) -> None:
    """ADD, SUB, MUL, the comparisons and their like.

    Raises:
        KernelError: nothing was written.
    """
    run_prepared(params, "ref.pairs", _prepare)


def _prepare(params: PairParams) -> Step:
    check_activation(params)
    if params.dtype == np.int8:
        return prepare_pairs(params, reused=params.cache is not None)
    input1, input2, output = params.input1, params.input2, params.output
    return lambda: np.copyto(output, params.elements(input1, input2))
