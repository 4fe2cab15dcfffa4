from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ember_infer_core.ops.resize_nearest_neighbor import nearest
from tests.operators.movement import check_moves, refusal
from tests.support.against_tflm import assert_equals_tflm
from tests.support.draws import Draws, whole
from tests.support.one_operator import one_operator, tensor
from tests.support.tflm import Tflm


def random_model(draws: Draws) -> bytes:
    dtype = draws.one_of(("int8", "int16", "float32"))
    batch, channels = draws.integer(1, 2), draws.integer(1, 4)
    height, width, output_height, output_width = (
        draws.integer(1, 12) if draws.flag() else draws.integer(1, 60) for _ in range(4)
    )
    flags: dict[str, Any] = {"align_corners": draws.flag(), "half_pixel_centers": draws.flag()}
    inputs = [draws.tensor((batch, height, width, channels), dtype), whole([output_height, output_width])]
    output = draws.tensor((batch, output_height, output_width, channels), dtype)
    return one_operator("RESIZE_NEAREST_NEIGHBOR", inputs, output, **flags)


def test_random_sizes_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_model, tflm)


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("half_pixel_centers", [False, True])
def test_long_axes_equal_tflm_where_float32_rounds(align_corners: bool, half_pixel_centers: bool, tflm: Tflm) -> None:
    for size, output_size in ((997, 1013), (3, 4099), (4001, 7), (2048, 2049)):
        inputs = [tensor((1, 1, size, 1), "int16"), whole([1, output_size])]
        output = tensor((1, 1, output_size, 1), "int16")
        flags: dict[str, Any] = {"align_corners": align_corners, "half_pixel_centers": half_pixel_centers}
        model = one_operator("RESIZE_NEAREST_NEIGHBOR", inputs, output, **flags)
        batch = [np.arange(size, dtype=np.int16).reshape(1, 1, size, 1)]
        assert_equals_tflm(model, [batch], tflm)


def test_no_place_is_outside() -> None:
    for size in range(1, 30):
        for output_size in range(1, 30):
            for flags in ((False, False), (False, True), (True, False), (True, True)):
                indices = nearest(size, output_size, *flags)
                assert indices.min() >= 0
                assert indices.max() < size


def test_the_output_must_have_the_size() -> None:
    inputs = [tensor((1, 2, 2, 1)), whole([4, 4])]
    model = one_operator("RESIZE_NEAREST_NEIGHBOR", inputs, tensor((1, 4, 5, 1)))
    assert "the output has shape [1, 4, 5, 1], not [1, 4, 4, 1]" in refusal(model)
