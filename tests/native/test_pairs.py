"""Functions of two int8 elements, by formulas and without: every pair of values, on each instruction set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import FallbackBackend
from ember_infer_native import NativeBackend
from ember_infer_native.kernels.context import Search
from ember_infer_native.targets import Target
from tests.native.test_targets import RUNNABLE
from tests.support.against_tflm import assert_equals_tflm
from tests.support.one_operator import one_operator, tensor
from tests.support.tflm import Tflm

EVERYTHING: npt.NDArray[np.int8] = np.arange(-128, 128, dtype=np.int8)
# Operands of one shape, and a row on either side: each has all 65,536 pairs.
SHAPES = [((256, 256), (256, 256)), ((256, 256), (256,)), ((256,), (256, 256))]
QUANTISATIONS = 4
MODES = ("NONE", "RELU", "RELU6", "NONE")
ACTIVATED = ("ADD", "SUB", "MUL")
COMPARISONS = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")


@pytest.fixture(scope="module", params=RUNNABLE, ids=lambda target: target.name)
def calls(request: pytest.FixtureRequest, native_cache: Path) -> FallbackBackend:
    """Call by call, so that all models run on one library."""
    target: Target = request.param
    return FallbackBackend(NativeBackend(target.name, cache=native_cache))


def values(shape: tuple[int, ...], along_rows: bool) -> npt.NDArray[np.int8]:
    """Every value: along each row, or one for each row."""
    return np.broadcast_to(EVERYTHING if along_rows else EVERYTHING[:, None], shape).copy()


def drawn_model(operator: str, shapes: tuple[tuple[int, ...], tuple[int, ...]], random: np.random.Generator) -> bytes:
    """Scales and zero points of all sizes."""
    scale1, scale2 = (float(np.float32(2.0 ** random.uniform(-6, -0.1))) for _ in range(2))
    natural = 64 * scale1 * scale2 if operator in ("MUL", "PRELU") else max(scale1, scale2)
    zeros = random.choice(np.array([-128, 127, 0, random.integers(-128, 128)]), 2)
    quant = [(scale1, int(zeros[0])), (scale2, int(zeros[1]))]
    inputs = [tensor(shape, scale=scale, zero_point=zero) for shape, (scale, zero) in zip(shapes, quant, strict=True)]
    if operator in COMPARISONS:
        return one_operator(operator, inputs, tensor((256, 256), "bool"))
    scale = float(np.float32(natural * 2.0 ** random.uniform(-3, 2)))
    output = tensor((256, 256), scale=scale, zero_point=int(random.integers(-128, 128)))
    options: dict[str, Any] = {"activation": str(random.choice(MODES))} if operator in ACTIVATED else {}
    return one_operator(operator, inputs, output, **options)


@pytest.mark.parametrize("operator", [*ACTIVATED, "SQUARED_DIFFERENCE", "PRELU", *COMPARISONS])
@pytest.mark.parametrize("shapes", SHAPES, ids=["one shape", "a row second", "a row first"])
def test_every_pair_equals_tflm_when_nothing_more_is_searched(
    operator: str,
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    calls: FallbackBackend,
    tflm: Tflm,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Search, "affords", lambda search, channels: False)
    random = np.random.default_rng((2, len(operator), len(shapes[0]), len(shapes[1])))
    row_second = len(shapes[1]) == 1
    inputs = [values(shapes[0], not row_second), values(shapes[1], row_second)]
    for _ in range(QUANTISATIONS):
        assert_equals_tflm(drawn_model(operator, shapes, random), [inputs], tflm, backends=[calls])


@pytest.mark.parametrize("operator", ACTIVATED)
@pytest.mark.parametrize("shapes", SHAPES, ids=["one shape", "a row second", "a row first"])
def test_every_pair_equals_tflm(
    operator: str, shapes: tuple[tuple[int, ...], tuple[int, ...]], calls: FallbackBackend, tflm: Tflm
) -> None:
    random = np.random.default_rng((1, len(operator), len(shapes[0]), len(shapes[1])))
    row_second = len(shapes[1]) == 1
    inputs = [values(shapes[0], not row_second), values(shapes[1], row_second)]
    for _ in range(QUANTISATIONS):
        assert_equals_tflm(drawn_model(operator, shapes, random), [inputs], tflm, backends=[calls])
