"""What the suite knows of each operator, one file an operator as in ``ember_infer_core/ops``."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases

__all__ = ["MODULES", "cases_of"]

# Operator -> its module here, whose CASES has it. A new operator adds its line.
MODULES: Mapping[str, str] = {
    "add": "add",
    "avg_pool": "pool",
    "conv2d": "conv2d",
    "depthwise_conv2d": "depthwise_conv2d",
    "fully_connected": "fully_connected",
    "max_pool": "pool",
    "mul": "mul",
    "reshape": "reshape",
    "softmax": "softmax",
}


@functools.cache
def cases_of(operator: str) -> OperatorCases:
    """What the suite knows of an operator, a method of :class:`KernelBackend`."""
    module = importlib.import_module(f"{__name__}.{MODULES[operator]}")
    cases: Mapping[str, OperatorCases] = module.CASES
    return cases[operator]
