"""PRELU. Source of the rules: TFLM ``prelu_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.prelu import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.pairs import lower_pair


def lower(source: OperatorSource) -> Lowered:
    """The call of a PRELU."""
    return lower_pair(source, prepare)
