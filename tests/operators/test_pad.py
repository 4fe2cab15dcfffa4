from __future__ import annotations

import numpy as np
import pytest

from tests.operators.movement import PORTS, check_moves, refusal
from tests.support.draws import Draws, whole
from tests.support.one_operator import Tensor, constant, one_operator, tensor
from tests.support.tflm import Tflm


def parts(draws: Draws) -> tuple[Tensor, Tensor, Tensor]:
    """Data, paddings, output."""
    dtype, shape = draws.one_of(PORTS), draws.shape(1, 5, 4)
    paddings = [(draws.one_of((0, 1, 3)), draws.one_of((0, 1, 2))) for _ in shape]
    padded = tuple(size + sum(padding) for size, padding in zip(shape, paddings, strict=True))
    return draws.tensor(shape, dtype), whole(paddings), draws.tensor(padded, dtype)


def random_pad(draws: Draws) -> bytes:
    data, paddings, output = parts(draws)
    return one_operator("PAD", [data, paddings], output)


def random_padv2(draws: Draws) -> bytes:
    data, paddings, output = parts(draws)
    shape = draws.one_of(((1,), ()))
    value = draws.tensor(shape, output.dtype, like=output)
    if draws.flag():
        number = np.full(shape, draws.integer(-128, 127))
        value = constant(number, output.dtype, output.scales[0] if output.scales else None, (*output.zero_points, 0)[0])
    return one_operator(draws.one_of(("PADV2", "PAD")), [data, paddings, value], output)


def test_random_paddings_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_pad, tflm)


def test_random_paddings_with_a_value_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_padv2, tflm)


@pytest.mark.parametrize(
    ("paddings", "output", "why"),
    [
        ([[0, 0], [1, 1]], (2, 6), "is padded to [2, 5], not to [2, 6]"),
        ([[0, 0], [-1, 3]], (2, 5), "a padding is negative"),
        ([[0, 2]], (2, 5), "do not belong together"),
    ],
)
def test_paddings_that_do_not_fit_are_an_error(paddings: list[list[int]], output: tuple[int, ...], why: str) -> None:
    assert why in refusal(one_operator("PAD", [tensor((2, 3)), whole(paddings)], tensor(output)))


def test_a_value_of_another_scale_is_refused() -> None:
    value = constant([3], scale=0.5)
    model = one_operator("PADV2", [tensor((2,), scale=0.5), whole([[1, 1]]), value], tensor((4,), scale=0.25))
    assert "quantised otherwise than the output" in refusal(model)
