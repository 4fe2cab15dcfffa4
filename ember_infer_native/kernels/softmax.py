"""SOFTMAX as a step of ``softmax.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.fixed_point import rounding_divide_by_pot
from ember_infer_core.ops.softmax import softmax_exponentials
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.softmax import SoftmaxParams
    from ember_infer_native.kernels.context import Context

__all__ = ["SOFTMAX"]

_SOFTMAX = Kernel("softmax", "softmax", "softmax", 3)
_ACCUMULATION_INTEGER_BITS = 12


def _plan(context: Context, params: SoftmaxParams, input: Place, output: Place) -> list[Step]:
    classes = params.input_shape[-1]
    exponentials = softmax_exponentials(params)
    summands = rounding_divide_by_pot(exponentials, _ACCUMULATION_INTEGER_BITS)
    table = context.constants.add(np.concatenate((exponentials, summands)).astype(np.int32).tobytes())
    fields = {"rows": input.layout.size // classes if classes else 0, "classes": classes}
    return [Step(_SOFTMAX, (), fields, (input.first, output.first, table))]


SOFTMAX = NativeOperator(_plan, (_SOFTMAX,))
