"""RefBackend with one mistake planted in one operator, for each family of operators: the call is taken for another.

And with mistakes that operators with state make: which memory they take theirs for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ember_infer_core.ops.strided import StridedCopy
from ember_infer_core.slots import AnyArray, OperatorParams
from ember_infer_ref import RefBackend

__all__ = ["PLANTED", "WRONG_MEMORY", "Planted"]


def _nothing_more(params: Any, changed: Any) -> None:
    pass


@dataclass(frozen=True)
class Plant:
    """A mistake: in which operator, the fields of the parameters that are other, and what a report says of it; then
    what is left to do after the call, given the parameters as they were and as they were changed.
    """

    operator: str
    changes: Callable[[Any], dict[str, Any]]
    said: str
    finish: Callable[[Any, Any], None] = _nothing_more


def _with_copies(change: Callable[[StridedCopy], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    def changes(params: Any) -> dict[str, Any]:
        return {"copies": tuple(dataclasses.replace(copy, **change(copy)) for copy in params.copies)}

    return changes


def _unsigned(params: Any) -> dict[str, Any]:
    return {} if params.table is None else {"table": np.roll(params.table, 128)}


def _ignoring(**fields: Any) -> Callable[[Any], dict[str, Any]]:
    return lambda params: fields


def _inputs_swapped(params: Any) -> dict[str, Any]:
    ends = ("", "_shape", "_quant", "_offset", "_multiplier", "_shift")
    swapped = {f"input{number}{end}": f"input{3 - number}{end}" for number in (1, 2) for end in ends}
    return {name: getattr(params, other) for name, other in swapped.items()}


def _from_the_start(copy: StridedCopy) -> dict[str, Any]:
    return {"source_start": 0} if min(copy.source_steps, default=1) > 0 else {}


def _choice_swapped(params: Any) -> dict[str, Any]:
    return {"x": params.y, "x_shape": params.y_shape, "y": params.x, "y_shape": params.x_shape}


def _always_the_first(params: Any) -> dict[str, Any]:
    return {"indices": np.zeros_like(params.indices)}


def _by_filter(params: Any, state: AnyArray) -> AnyArray:
    return state.reshape(-1, *params.weights_time_shape)


def _newest_first(params: Any) -> dict[str, Any]:
    backwards = np.ascontiguousarray(_by_filter(params, params.state)[:, :, ::-1]).reshape(params.state_shape)
    return {"state": backwards, "weights_time": np.ascontiguousarray(params.weights_time[:, ::-1])}


def _turn_round(params: Any, changed: Any) -> None:
    _by_filter(params, params.state)[...] = _by_filter(params, changed.state)[:, :, ::-1]


PLANTED: Mapping[str, Plant] = {
    "lookup": Plant("relu", _unsigned, "the table read as if its index had no sign"),
    "pairs": Plant("sub", _inputs_swapped, "the two inputs taken for one another"),
    "comparisons": Plant("less", _ignoring(input1_offset=0), "input1_offset ignored"),
    "movement": Plant("strided_slice", _with_copies(_from_the_start), "the start in the source ignored"),
    "fill": Plant("pad", _ignoring(fill=0), "filled with 0 instead of the fill"),
    "reduction": Plant("mean", _ignoring(input_offset=0), "input_offset ignored"),
    "products": Plant("batch_matmul", _ignoring(rhs_offset=0), "rhs_offset ignored"),
    "windows": Plant("transpose_conv", _ignoring(pad_h=0, pad_w=0), "padding ignored"),
    "indices": Plant("gather", _always_the_first, "the indices not looked at"),
    "choice": Plant("select_v2", _choice_swapped, "x and y swapped"),
    "nearest": Plant("resize_nearest_neighbor", _ignoring(align_corners=False), "align_corners ignored"),
    "state": Plant("svdf", _newest_first, "the state moved away from its start", _turn_round),
    "resizing": Plant("resize_bilinear", _ignoring(half_pixel_centers=False), "half_pixel_centers ignored"),
}


def _of_a_copy(params: Any) -> dict[str, Any]:
    return {"state": params.state.copy()}


def _of_the_first_call() -> Callable[[Any], dict[str, Any]]:
    first: dict[tuple[int, ...], AnyArray] = {}
    return lambda params: {"state": first.setdefault(params.state_shape, params.state)}


# By their names, with the test that finds them.
WRONG_MEMORY: Mapping[str, tuple[Plant, str]] = {
    "state_not_written": (
        Plant("svdf", _of_a_copy, "never written: the wrong elements hold what the state held before the call"),
        "test_a_call_gives_what_the_definition_says",
    ),
    "state_of_another_call": (
        Plant("svdf", _of_the_first_call(), "state: executables share memory"),
        "test_executables_have_memory_of_their_own",
    ),
}


class Planted(RefBackend):
    """Takes the calls of one operator for others."""

    def __init__(self, plant: Plant) -> None:
        super().__init__()
        self._plant = plant

    def run_operator(self, operator: str, params: OperatorParams) -> None:
        """As RefBackend does, but for the mistake."""
        if operator != self._plant.operator:
            super().run_operator(operator, params)
            return
        changed = dataclasses.replace(params, cache=None, **self._plant.changes(params))
        super().run_operator(operator, changed)
        self._plant.finish(params, changed)


def __getattr__(name: str) -> Planted:
    """The backend for a family."""
    found = PLANTED.get(name) or WRONG_MEMORY.get(name, (None,))[0]
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return Planted(found)
