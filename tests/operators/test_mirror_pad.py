from __future__ import annotations

import pytest

from tests.operators.movement import check_moves, refusal
from tests.support.draws import Draws, whole
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.tflm import Tflm


def random_model(draws: Draws) -> bytes:
    dtype, shape, mode = draws.one_of(("int8", "float32")), draws.shape(1, 5, 4), draws.one_of(("SYMMETRIC", "REFLECT"))
    most = [size - (mode == "REFLECT") for size in shape]
    paddings = [(draws.integer(0, limit), draws.integer(0, limit)) for limit in most]
    padded = tuple(size + sum(padding) for size, padding in zip(shape, paddings, strict=True))
    inputs = [draws.tensor(shape, dtype), constant(paddings, draws.one_of(("int32", "int64")))]
    return one_operator("MIRROR_PAD", inputs, draws.tensor(padded, dtype), mode=mode)


def test_random_mirrored_paddings_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_model, tflm)


@pytest.mark.parametrize(("mode", "most"), [("SYMMETRIC", 3), ("REFLECT", 2)])
def test_more_than_there_is_cannot_be_mirrored(mode: str, most: int) -> None:
    paddings = whole([[most + 1, 0]])
    model = one_operator("MIRROR_PAD", [tensor((3,)), paddings], tensor((4 + most,)), mode=mode)
    assert f"at most {most} can be mirrored" in refusal(model)
