"""SOFTMAX as a call of ``softmax.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.softmax import softmax_exponentials
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.softmax import SoftmaxParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_INT8 = Kernel("softmax", "softmax", 2)
_INT16 = Kernel("softmax_int16", "softmax", 2, struct="softmax")
_FLOAT32 = Kernel("softmax_float32", "softmax", 2)
KERNELS = (_INT8, _INT16, _FLOAT32)


def plan(context: Context, params: SoftmaxParams, input: Place, output: Place) -> list[Step]:
    """Of int8, the exponentials are a table as far as they are not 0."""
    *shape, classes = params.input_shape
    fields: dict[str, Value] = {"rows": element_count(tuple(shape)), "classes": classes}
    if input.dtype.name == "float32":
        return [Step(_FLOAT32, {**fields, "beta": float(np.float32(params.beta))}, (input, output))]
    exponentials = np.trim_zeros(softmax_exponentials(params), "b").astype(np.int32)
    fields["exponentials"] = context.constant("exponentials", exponentials)
    fields["farthest"] = len(exponentials) - 1
    return [Step(_INT8 if output.dtype.name == "int8" else _INT16, fields, (input, output))]
