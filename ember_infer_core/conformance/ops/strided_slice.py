"""STRIDED_SLICE."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.ops.movement import movement_cases
from ember_infer_core.ops.movement import MovementParams
from ember_infer_core.ops.strided_slice import prepare

__all__ = ["CASES"]


def _calls(drawer: CaseDrawer) -> MovementParams:
    shape, dtype = drawer.shape(1, 4), drawer.dtype("int8", "int16", "int32", "float32", "bool")
    begin, end, strides, output, masks = [], [], [], [], [0, 0, 0]
    for axis, size in enumerate(shape):
        first, step = drawer.integer(0, size - 1), drawer.one_of(1, 1, 2, -1, -2, 3)
        how = drawer.one_of("part", "whole", "one")
        last = drawer.integer(first, size - 1) if step > 0 else drawer.integer(0, first)
        begin.append(first - drawer.one_of(0, size))
        end.append(last + 1 if step > 0 else last - 1 - size)
        strides.append(1 if how == "one" else step)
        if how == "one":
            masks[2] |= 1 << axis
        elif how == "whole":
            masks[0], masks[1] = masks[0] | 1 << axis, masks[1] | 1 << axis
            output.append(-(-size // abs(step)))
        else:
            output.append(abs(last - first) // abs(step) + 1)
    return prepare(
        input_shape=shape,
        output_shape=tuple(output),
        begin=begin,
        end=end,
        strides=strides,
        dtype=dtype,
        begin_mask=masks[0],
        end_mask=masks[1],
        shrink_axis_mask=masks[2],
    )


CASES: Mapping[str, OperatorCases] = {"strided_slice": movement_cases(_calls)}
