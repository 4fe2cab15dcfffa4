"""Calls after bugs that were published, or found, in kernels for microcontrollers: each is what set one of them off."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from ember_infer_core.conformance.ops import cases_of
from ember_infer_core.conformance.strategies import completed
from ember_infer_core.ops import OPERATORS

__all__ = ["REGRESSIONS", "bug_of", "calls_after", "published_calls"]

# Each bug by its name -> the operator that it is about.
REGRESSIONS: Mapping[str, str] = {name: operator for operator in OPERATORS for name in cases_of(operator).regressions}


def bug_of(name: str) -> str:
    """What went wrong."""
    return cases_of(REGRESSIONS[name]).regressions[name].bug


@functools.cache
def calls_after(name: str) -> tuple[Any, ...]:
    """The calls after one bug; whoever gets them leaves them as they are."""
    cases, random = cases_of(REGRESSIONS[name]), np.random.default_rng(0)
    return tuple(completed(cases, params, random) for params in cases.regressions[name].calls())


def published_calls(operator: str) -> tuple[Any, ...]:
    """The calls of this operator after all of its bugs."""
    return tuple(params for name in cases_of(operator).regressions for params in calls_after(name))
