"""RefBackend with one mistake planted in one operator, for each family of operators: the call is taken for another."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ember_infer_core.ops.strided import StridedCopy
from ember_infer_core.slots import OperatorParams
from ember_infer_ref import RefBackend

__all__ = ["PLANTED", "Planted"]


@dataclass(frozen=True)
class Plant:
    """A mistake: in which operator, the fields of the parameters that are other, and what a report says of it."""

    operator: str
    changes: Callable[[Any], dict[str, Any]]
    said: str


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
    "resizing": Plant("resize_bilinear", _ignoring(half_pixel_centers=False), "half_pixel_centers ignored"),
}


class Planted(RefBackend):
    """Takes the calls of one operator for others."""

    def __init__(self, plant: Plant) -> None:
        super().__init__()
        self._plant = plant

    def run_operator(self, operator: str, params: OperatorParams) -> None:
        """As RefBackend does, but for the mistake."""
        if operator == self._plant.operator:
            params = dataclasses.replace(params, cache=None, **self._plant.changes(params))
        super().run_operator(operator, params)


def __getattr__(name: str) -> Planted:
    """The backend for a family."""
    if name not in PLANTED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return Planted(PLANTED[name])
