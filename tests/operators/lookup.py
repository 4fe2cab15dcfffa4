"""Models of functions of one element: every value of int8 goes through each of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.operators import typed
from tests.operators.typed import scales
from tests.support.against_tflm import Arrays, assert_equals_tflm
from tests.support.one_operator import one_operator, tensor
from tests.support.tflm import Tflm

Shape = tuple[int, ...]
Batches = list[Arrays]

SHAPES: tuple[Shape, ...] = ((256,), (2, 128), (1, 4, 8, 8), (2, 2, 2, 2, 4, 4), (1,), (7,), (1, 3, 5), (2, 3, 1, 2))


@dataclass(frozen=True)
class Quantisation:
    """Scales and zero points of input and output."""

    input_scale: float
    output_scale: float
    input_zero_point: int
    output_zero_point: int


zero_points = typed.zero_points("int8")
shapes = st.sampled_from(SHAPES)


@st.composite
def natural(draw: st.DrawFn) -> Quantisation:
    """As trained models have it: the output's scale is some eighths to some times the input's."""
    scale = draw(scales(-9, 1))
    output_scale = float(np.float32(scale * draw(scales(-3, 2))))
    return Quantisation(scale, output_scale, draw(zero_points), draw(zero_points))


extreme = st.builds(Quantisation, scales(-40, 30), scales(-40, 30), zero_points, zero_points)


def model(operator: str, quantisation: Quantisation, shape: Shape = (256,), **options: Any) -> bytes:
    """One operator over int8."""
    q = quantisation
    input = tensor(shape, "int8", q.input_scale, q.input_zero_point)
    return one_operator(operator, [input], tensor(shape, "int8", q.output_scale, q.output_zero_point), **options)


def every_value(shape: Shape = (256,)) -> Batches:
    """Inferences that take each of the 256 values through the operator."""
    size = math.prod(shape)
    values = np.resize(np.arange(-128, 128).astype(np.int8), -(-256 // size) * size)
    return [[part] for part in values.reshape(-1, *shape)][:12]


def assert_every_value(operator: str, quantisation: Quantisation, tflm: Tflm, **options: Any) -> None:
    """Asserts that TFLM and all backends give the same for every value."""
    assert_equals_tflm(model(operator, quantisation, **options), every_value(), tflm)
