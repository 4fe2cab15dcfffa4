"""REDUCE_MAX, REDUCE_MIN and REDUCE_ALL. Source of the rules: TFLM ``reduce_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.reduction import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.rows import along_axes


def lower(source: OperatorSource) -> Lowered:
    """The call of the operator, whose method is named after it."""
    return along_axes(source, source.operator.name.lower(), prepare)
