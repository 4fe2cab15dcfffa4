"""Axes as ``walk.h`` reads them, and how much of a tensor lies around one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.common import element_count
from ember_infer_firmware.step import Constant, Value

if TYPE_CHECKING:
    from ember_infer_core.slots import Shape
    from ember_infer_firmware.context import Context

__all__ = ["around_axis", "rows_of", "walk"]


def walk(context: Context, role: str, axes: Iterable[tuple[int, ...]]) -> tuple[Constant | None, int, int]:
    """A constant that lists the axes from the last one to the first, how many they are, and how many places they have.

    Args:
        context: of the layer.
        role: for the constant's name.
        axes: size and step, or steps, of each, from the first to the last.
    """
    listed = list(axes)
    places = math.prod(axis[0] for axis in listed)
    constant = context.constant(role, np.array(listed[::-1], np.int32)) if listed else None
    return constant, len(listed), places


def around_axis(shape: Shape, axis: int) -> dict[str, Value]:
    """How many elements the axes before one have, that one, and those behind it: ``outer``, ``count``, ``inner``."""
    return {
        "outer": element_count(shape[:axis]),
        "count": shape[axis],
        "inner": element_count(shape[axis + 1 :]),
    }


def rows_of(shape: Shape) -> dict[str, Value]:
    """How many rows a tensor has along its last axis, and of how many elements: ``rows``, ``count``."""
    return {"rows": element_count(shape[:-1]), "count": shape[-1]}
