"""CUMSUM. Source of the rules: TFLM ``cumsum.cc``."""

from __future__ import annotations

from ember_infer_core.ops.cumsum import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.rows import along_axes
from ember_infer_macros.tflite.options import CumsumOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a CUMSUM."""
    options = source.options_or_default(CumsumOptions)
    return along_axes(source, "cumsum", prepare, exclusive=options.exclusive, reverse=options.reverse)
