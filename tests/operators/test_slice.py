from __future__ import annotations

import pytest

from tests.operators.movement import PORTS, check_moves, refusal
from tests.support.draws import Draws, whole
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.tflm import Tflm


def random_model(draws: Draws) -> bytes:
    dtype, shape = draws.one_of((*PORTS, "bool")), draws.shape(1, 5, 7)
    begin = [draws.integer(0, size - 1) for size in shape]
    sizes = tuple(draws.integer(1, size - first) for size, first in zip(shape, begin, strict=True))
    left = [size - first for size, first in zip(shape, begin, strict=True)]
    said = [-1 if size == most and draws.flag() else size for size, most in zip(sizes, left, strict=True)]
    index = draws.one_of(("int32", "int64"))
    inputs = [draws.tensor(shape, dtype), constant(begin, index), constant(said, index)]
    return one_operator("SLICE", inputs, draws.tensor(sizes, dtype))


def test_random_slices_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_model, tflm)


@pytest.mark.parametrize(
    ("begin", "size", "output", "why"),
    [
        ([1, 0], [2, 4], (2, 4), "TensorFlow Lite Micro reads outside"),
        ([-1, 0], [2, 3], (2, 3), "TensorFlow Lite Micro reads outside"),
        ([1], [2], (2, 3), "begin and size have 1 and 1 elements, and 2 are wanted"),
        ([1, 0], [2, 3], (3, 3), "do not fill shape"),
    ],
)
def test_slices_that_do_not_fit_are_refused(
    begin: list[int], size: list[int], output: tuple[int, ...], why: str
) -> None:
    assert why in refusal(one_operator("SLICE", [tensor((4, 3)), whole(begin), whole(size)], tensor(output)))


def test_a_slice_that_begins_anywhere_is_refused() -> None:
    model = one_operator("SLICE", [tensor((4,)), tensor((1,), "int32"), whole([2])], tensor((2,)))
    assert "computed at run time" in refusal(model)
