"""CAST, from every type to every other, held to TFLM."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import strategies as st

from tests.operators.typed import shapes
from tests.support.against_tflm import compare_with_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import one_operator, tensor
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm

PORTS = ("int8", "int16", "int32", "float32", "bool")
EDGES = (0.0, -0.0, 0.5, -0.5, 0.999, 1.5, -1.5, 127.9, 128.0, -128.9, -129.0, 255.5, 32767.9, 32768.0, -32769.0)
FAR = (2.0**31 - 128, 2.0**31, -(2.0**31), -(2.0**31) - 256, 2.0**32 - 256, 2.0**32, 1e20, -1e20, 1e-40)
NO_NUMBERS = (np.inf, -np.inf, np.nan)


def floats(shape: tuple[int, ...], seed: int) -> list[list[npt.NDArray[Any]]]:
    """Where conversions round, saturate or have nothing to give."""
    random = np.random.default_rng(seed)
    return [[random.choice(values, shape).astype(np.float32)] for values in (EDGES, FAR, EDGES + FAR + NO_NUMBERS)]


@pytest.mark.parametrize("target", PORTS)
@pytest.mark.parametrize("source", PORTS)
def test_it_equals_tflm(source: str, target: str, tflm: Tflm) -> None:
    def compare(case: tuple[tuple[int, ...], int]) -> str:
        shape, seed = case
        model = one_operator("CAST", [tensor(shape, source)], tensor(shape, target))
        batches = random_batches(model, seed)
        return compare_with_tflm(model, batches + (floats(shape, seed) if source == "float32" else []), tflm)

    drawn = st.tuples(shapes, st.integers(0, 2**32 - 1))
    compare_drawn(drawn, compare, ordinary=20, deep=200, wanted_share=1.0)


@pytest.mark.parametrize("other", ["uint8", "int64"])
def test_other_types_are_refused_as_in_tflm(other: str, tflm: Tflm) -> None:
    for types in ((other, "float32"), ("float32", other)):
        model = one_operator("CAST", [tensor((4,), types[0])], tensor((4,), types[1]))
        assert compare_with_tflm(model, random_batches(model), tflm) == "refused by both"
