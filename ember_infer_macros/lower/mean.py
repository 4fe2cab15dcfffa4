"""MEAN and SUM. Source of the rules: TFLM ``reduce_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.mean import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.rows import along_axes
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a MEAN or a SUM."""
    mean = source.operator.code is BuiltinOperator.MEAN
    return along_axes(source, "mean" if mean else "sum", prepare, mean=mean)
