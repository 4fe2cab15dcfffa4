"""MAXIMUM and MINIMUM."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.mistakes import constant
from ember_infer_core.conformance.ops.pairs import draw_pair, pair_cases
from ember_infer_core.ops.maximum_minimum import prepare

__all__ = ["CASES"]

_TYPES = ("int8", "float32", "int16", "int32")


def _cases(largest: bool) -> OperatorCases:
    """The second of 0 and -0, and of two values of which one is NaN. Source: TFLM ``MaximumOp`` and ``MinimumOp``."""
    return pair_cases(
        lambda drawer: prepare(**draw_pair(drawer, *_TYPES, quantised=False), largest=largest),
        lambda value1, value2: np.where(value1 > value2 if largest else value1 < value2, value1, value2),
        mistakes={"the other end of the two": constant(largest=not largest)},
    )


CASES: Mapping[str, OperatorCases] = {"maximum": _cases(True), "minimum": _cases(False)}
