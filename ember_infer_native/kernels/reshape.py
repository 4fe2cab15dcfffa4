"""RESHAPE as a step of ``copy.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_native.kernels.copies import COPY, copy_flat
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.reshape import ReshapeParams
    from ember_infer_native.kernels.context import Context

__all__ = ["RESHAPE"]


def _plan(context: Context, params: ReshapeParams, input: Place, output: Place) -> list[Step]:
    return [copy_flat(input.first, output.first, input.layout.size)]


RESHAPE = NativeOperator(_plan, (COPY,))
