"""What the suite knows of each operator, one file an operator as in ``ember_infer_core/ops``: its ``CASES``."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.ops import OPERATORS

__all__ = ["cases_of"]


@functools.cache
def cases_of(operator: str) -> OperatorCases:
    """What the suite knows of an operator, a method of :class:`KernelBackend`."""
    module = importlib.import_module(f"{__name__}.{OPERATORS[operator]}")
    cases: Mapping[str, OperatorCases] = module.CASES
    return cases[operator]
