"""Two tensors that broadcast: what ADD, MUL and their like share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ember_infer_core.conformance.cases import Rule
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import CLAMP, DIALECTS, constant
from ember_infer_core.slots import Int8Array

__all__ = ["PAIRS", "SCALED_PAIRS", "draw_shapes", "plain_shapes"]

_BROADCASTS = (
    ((2, 3, 4), (2, 3, 4)),
    ((2, 3, 4), (4,)),
    ((1,), (2, 5)),
    ((2, 1, 4), (3, 1)),
    ((1, 3, 3, 17), (1, 3, 3, 17)),
    ((1, 3, 3, 17), (1, 1, 1, 17)),
    ((), (3,)),
    ((), ()),
)


def draw_shapes(drawer: CaseDrawer) -> dict[str, Any]:
    """``input1_shape``, ``input2_shape`` and ``output_shape`` of a call."""
    shape1, shape2 = drawer.one_of(*_BROADCASTS)
    return {"input1_shape": shape1, "input2_shape": shape2, "output_shape": np.broadcast_shapes(shape1, shape2)}


def plain_shapes(input1: Int8Array, input2: Int8Array) -> dict[str, Any]:
    """The same, of these inputs."""
    output_shape = np.broadcast_shapes(input1.shape, input2.shape)
    return {"input1_shape": input1.shape, "input2_shape": input2.shape, "output_shape": output_shape}


# Of int8 operators whose definitions use the offsets.
PAIRS: Mapping[str, Rule] = {
    **CLAMP,
    "input1_offset ignored": constant(input1_offset=0),
    "input2_offset ignored": constant(input2_offset=0),
    "output_offset ignored": constant(output_offset=0),
}

# Of those whose definitions take a rounding, too.
SCALED_PAIRS: Mapping[str, Rule] = {**DIALECTS, **PAIRS}
