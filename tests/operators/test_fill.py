from __future__ import annotations

from tests.operators.movement import check_moves, refusal
from tests.support.draws import Draws, whole
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.tflm import Tflm

TYPES = ("int8", "int32", "float32")


def random_fill(draws: Draws) -> bytes:
    dtype, shape = draws.one_of(TYPES), draws.shape(1, 5)
    dims = constant(shape, draws.one_of(("int32", "int64")))
    return one_operator("FILL", [dims, draws.tensor((), dtype)], draws.tensor(shape, dtype))


def random_zeros(draws: Draws) -> bytes:
    dtype, shape = draws.one_of(TYPES), draws.shape(0, 5)
    return one_operator("ZEROS_LIKE", [draws.tensor(shape, dtype)], draws.tensor(shape, dtype))


def test_random_fills_equal_tflm(tflm: Tflm) -> None:
    check_moves(random_fill, tflm)


def test_random_zeros_are_0_and_not_the_zero_point(tflm: Tflm) -> None:
    check_moves(random_zeros, tflm)


def test_dims_and_value_must_fit() -> None:
    assert "its dims are [2, 4]" in refusal(one_operator("FILL", [whole([2, 4]), tensor(())], tensor((2, 3))))
    assert "where a scalar is wanted" in refusal(one_operator("FILL", [whole([2]), tensor((1,))], tensor((2,))))


def test_computed_dims_are_refused_as_tflm_does() -> None:
    model = one_operator("FILL", [tensor((1,), "int32"), tensor(())], tensor((2,)))
    assert "is no constant; TensorFlow Lite Micro refuses this too" in refusal(model)
