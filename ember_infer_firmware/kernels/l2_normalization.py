"""L2_NORMALIZATION: of int8 as a call of ``l2_normalization.h``, of float32 of ``float_rows.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_firmware.kernels.walk import rows_of
from ember_infer_firmware.step import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.l2_normalization import L2NormalizationParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_INT8 = Kernel("l2_normalization_int8", "l2_normalization", 2)
_FLOAT32 = Kernel("l2_normalization_float32", "float_rows", 2, struct="float_rows")
KERNELS = (_INT8, _FLOAT32)


def plan(context: Context, params: L2NormalizationParams, input: Place, output: Place) -> list[Step]:
    """Rows along the last axis."""
    rows = rows_of(params.input_shape)
    if params.dtype == np.float32:
        return [Step(_FLOAT32, rows, (input, output))]
    return [Step(_INT8, rows | {"offset": params.input_offset}, (input, output))]
