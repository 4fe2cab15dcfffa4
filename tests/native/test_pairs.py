"""ADD, SUB and MUL by their formulas: every pair of values, as each instruction set computes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import FallbackBackend
from ember_infer_native import NativeBackend
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


@pytest.fixture(scope="module", params=RUNNABLE, ids=lambda target: target.name)
def calls(request: pytest.FixtureRequest, native_cache: Path) -> FallbackBackend:
    """Call by call, so that all models run on one library."""
    target: Target = request.param
    return FallbackBackend(NativeBackend(target.name, cache=native_cache))


def values(shape: tuple[int, ...], along_rows: bool) -> npt.NDArray[np.int8]:
    """Every value: along each row, or one for each row."""
    return np.broadcast_to(EVERYTHING if along_rows else EVERYTHING[:, None], shape).copy()


@pytest.mark.parametrize("operator", ["ADD", "SUB", "MUL"])
@pytest.mark.parametrize("shapes", SHAPES, ids=["one shape", "a row second", "a row first"])
def test_every_pair_equals_tflm(
    operator: str, shapes: tuple[tuple[int, ...], tuple[int, ...]], calls: FallbackBackend, tflm: Tflm
) -> None:
    random = np.random.default_rng((1, len(operator), len(shapes[0]), len(shapes[1])))
    row_second = len(shapes[1]) == 1
    inputs = [values(shapes[0], not row_second), values(shapes[1], row_second)]
    for number in range(QUANTISATIONS):
        scale1, scale2 = (float(np.float32(2.0 ** random.uniform(-6, 1))) for _ in range(2))
        natural = 64 * scale1 * scale2 if operator == "MUL" else max(scale1, scale2)
        zeros = random.choice(np.array([-128, 127, 0, random.integers(-128, 128)]), 2)
        quant = [(scale1, int(zeros[0])), (scale2, int(zeros[1]))]
        first, second = (
            tensor(shape, scale=scale, zero_point=zero) for shape, (scale, zero) in zip(shapes, quant, strict=True)
        )
        scale = float(np.float32(natural * 2.0 ** random.uniform(-3, 2)))
        output = tensor((256, 256), scale=scale, zero_point=int(random.integers(-128, 128)))
        model = one_operator(operator, [first, second], output, activation=MODES[number % len(MODES)])
        assert_equals_tflm(model, [inputs], tflm, backends=[calls])
