from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.operators.movement import PORTS, check_moves, refusal
from tests.support.draws import Draws, whole
from tests.support.one_operator import one_operator, tensor
from tests.support.tflm import Tflm


def random_model(draws: Draws) -> bytes:
    dtype, shape = draws.one_of(PORTS), draws.shape(1, 4, 7)
    begin, end, strides, begin_mask, end_mask, shrink = [], [], [], 0, 0, 0
    result: list[int] = []
    for axis, size in enumerate(shape):
        one = draws.integer(1, 5) == 5
        stride = draws.one_of((1, 2) if one else (1, 1, 2, 3, -1, -2))
        first = draws.integer(-size, size - 1) if one else draws.integer(-size - 2, size + 2)
        past = draws.integer(-size - 2, size + 2)
        left_out = draws.flag() and not one, draws.flag()
        kept = slice(None if left_out[0] else first, None if left_out[1] else past, stride)
        count = len(np.arange(size)[kept])
        if not count and not one:  # empty tensors are no models' outputs
            first, past, stride, count, left_out = 0, size, 1, size, (False, False)
        begin.append(first)
        end.append(past)
        strides.append(stride)
        begin_mask |= left_out[0] << axis
        end_mask |= left_out[1] << axis
        shrink |= one << axis
        result += [] if one else [count]
    masks: dict[str, Any] = {"begin_mask": begin_mask, "end_mask": end_mask, "shrink_axis_mask": shrink}
    inputs = [draws.tensor(shape, dtype), whole(begin), whole(end), whole(strides)]
    return one_operator("STRIDED_SLICE", inputs, draws.tensor(tuple(result), dtype), **masks)


def test_random_slices_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_model, tflm)


def slice_model(begin: list[int], stride: int = 1, output: tuple[int, ...] = (), **masks: Any) -> bytes:
    inputs = [tensor((4,)), whole(begin), whole([4]), whole([stride])]
    return one_operator("STRIDED_SLICE", inputs, tensor(output), **masks)


@pytest.mark.parametrize(("begin", "stride"), [(4, 1), (2, -1)])
def test_a_single_index_that_tflm_does_not_copy_is_refused(begin: int, stride: int) -> None:
    assert "TensorFlow Lite Micro writes nothing" in refusal(slice_model([begin], stride, shrink_axis_mask=1))


@pytest.mark.parametrize(("stride", "why"), [(0, "stride along axis 0 is 0"), (1, "do not fill shape")])
def test_slices_that_make_no_sense_are_an_error(stride: int, why: str) -> None:
    assert why in refusal(slice_model([2], stride, (3,)))


def test_begin_must_name_all_axes() -> None:
    inputs = [tensor((4, 2)), whole([1]), whole([4, 2]), whole([1, 1])]
    assert "reads past their end" in refusal(one_operator("STRIDED_SLICE", inputs, tensor((3, 2))))
