"""Random calls of every operator, for hypothesis: all attributes vary, and failures shrink to small shapes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer, Draw
from ember_infer_core.conformance.ops import cases_of
from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops import OPERATORS
from ember_infer_core.slots import AnyArray, Slot, bind, content, slots

__all__ = ["CALLS", "calls_of", "completed", "drawn"]


@st.composite
def calls_of(draw: Draw, operator: str) -> Any:
    """Bound parameters of random calls of an operator, a method of :class:`KernelBackend`."""
    cases, drawer = cases_of(operator), CaseDrawer(draw)
    try:
        params = cases.calls(drawer)
    except InvalidShape:
        raise
    except ValueError:  # scales that TFLM refuses
        reject()
    return completed(cases, params, drawer.random)


# Drawn at once for all tests, which want as many or fewer, because drawing takes longer than most of what they do.
_DRAWN = 40

# For each operator random calls of it.
CALLS: Mapping[str, Callable[[], st.SearchStrategy[Any]]] = {
    operator: functools.partial(calls_of, operator) for operator in OPERATORS
}


def completed(cases: OperatorCases, params: Any, random: np.random.Generator) -> Any:
    """The same parameters, all of whose buffers but optional ones are bound: those that are not yet, to new content."""
    arrays = {slot.name: _bound(params, slot) for slot in slots(params)}
    for slot in slots(params):
        if arrays[slot.name] is None and not slot.operand.optional:
            made = cases.content(params, slot, random) if slot.role.is_read else np.empty(slot.shape, slot.dtype)
            arrays[slot.name] = made
    bind(params, {name: array for name, array in arrays.items() if array is not None})
    return params


def _bound(params: Any, slot: Slot) -> AnyArray | None:
    """What a slot is bound to already, if to anything."""
    if slot.position is not None and not getattr(params, slot.operand.name):
        return None
    held = content(params, slot)
    return held if held is not None and (held.shape, held.dtype) == (slot.shape, slot.dtype) else None


def drawn(operator: str, count: int) -> tuple[Any, ...]:
    """So many random calls of an operator, always the same; whoever gets them leaves them as they are."""
    return _drawn(operator, max(count, _DRAWN))[:count]


@functools.cache
def _drawn(operator: str, count: int) -> tuple[Any, ...]:
    found: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(CALLS[operator]())
    def collect(params: Any) -> None:
        found.append(params)

    collect()
    return tuple(found)
