"""CAST. Source: TFLM ``cast.cc``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ember_infer_core.ops.cast import cast_elements
from ember_infer_core.ops.lookup import LookupParams
from ember_infer_ref.lookup import lookup_kernel

if TYPE_CHECKING:
    from ember_infer_core.slots import AnyArray

__all__ = ["cast"]


def _cast(values: AnyArray, params: LookupParams) -> AnyArray:
    return cast_elements(values, params.output_dtype)


cast: Callable[[LookupParams], None] = lookup_kernel("cast", _cast)
