"""L2_NORMALIZATION: of int8 as a step of ``l2_normalization.h``, of float32 of ``float_rows.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_native.kernels.float_rows import plan_float_rows, rows_of
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.l2_normalization import L2NormalizationParams
    from ember_infer_native.kernels.context import Context

__all__ = ["L2_NORMALIZATION"]

_INT8 = Kernel("l2_normalization", "l2_normalization", "l2_normalization", 2)
_FLOAT32 = Kernel("l2_normalization_float32", "float_rows", "float_rows", 2)


def _plan(context: Context, params: L2NormalizationParams, input: Place, output: Place) -> list[Step]:
    if input.dtype.name == "float32":
        return plan_float_rows(_FLOAT32, params.input_shape, input, output)
    rows, count = rows_of(params.input_shape)
    fields = {"rows": rows, "count": count, "offset": params.input_offset}
    return [Step(_INT8, (), fields, (input.first, output.first))]


L2_NORMALIZATION = NativeOperator(_plan, (_INT8, _FLOAT32))
