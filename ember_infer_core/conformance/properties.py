"""Random calls run through a check, with failures shrunk to the smallest call that still fails."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ember_infer_core.conformance.ops import cases_of
from ember_infer_core.conformance.strategies import CALLS
from ember_infer_core.slots import Role, bind, bound, content, slots

__all__ = ["for_all_calls", "refill", "snapshot"]


def for_all_calls(operator: str, examples: int, check: Callable[[Any, st.DataObject], None]) -> None:
    """Checks so many random calls, the same ones every time.

    Args:
        operator: the method called.
        examples: how many calls.
        check: raises if the call is not right; its second argument draws anything else.
    """

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(params=CALLS[operator](), data=st.data())
    def run(params: Any, data: st.DataObject) -> None:
        check(params, data)

    run()


def refill(operator: str, params: Any, random: np.random.Generator, roles: tuple[Role, ...] = (Role.INPUT,)) -> None:
    """New content of the operator's kind, in place, for the buffers that have these roles; biases keep theirs."""
    for slot in slots(params):
        array = content(params, slot)
        constant = slot.role is Role.CONSTANT
        if array is not None and slot.role in roles and not (constant and slot.dtype == np.int32):
            array[...] = cases_of(operator).content(params, slot, random)


def snapshot(params: Any) -> Any:
    """The parameters as they are now, with copies of their buffers."""
    taken = copy.copy(params)
    bind(taken, {name: array.copy() for name, array in bound(params).items()})
    taken.cache = None
    return taken
