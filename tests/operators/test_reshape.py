from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.operators.movement import PORTS, check_moves, refusal
from tests.support.draws import Draws, whole
from tests.support.one_operator import Tensor, constant, one_operator, tensor
from tests.support.tflm import Tflm

TYPES = (*PORTS, "uint8", "bool")


def with_ones(draws: Draws) -> tuple[tuple[int, ...], list[int]]:
    """A shape, and where it has axes of size 1."""
    shape = tuple(draws.one_of((1, 2, 3)) for _ in range(draws.integer(1, 6)))
    return shape, [axis for axis, size in enumerate(shape) if size == 1]


def random_reshape(draws: Draws) -> bytes:
    dtype, shape = draws.one_of(TYPES), draws.shape(0, 5)
    ordered = tuple(shape[axis] for axis in draws.permutation(len(shape)))
    inputs = [draws.tensor(shape, dtype)] + ([whole([99])] if draws.flag() else [])
    return one_operator("RESHAPE", inputs, draws.tensor(ordered, dtype), new_shape=[-1])


def random_squeeze(draws: Draws) -> bytes:
    dtype, (shape, ones) = draws.one_of(TYPES), with_ones(draws)
    gone = [axis for axis in ones if draws.flag()]
    written = [axis - len(shape) if draws.flag() else axis for axis in gone]
    left = tuple(size for axis, size in enumerate(shape) if axis not in (gone or ones))
    return one_operator("SQUEEZE", [draws.tensor(shape, dtype)], draws.tensor(left, dtype), squeeze_dims=written)


def random_expand_dims(draws: Draws) -> bytes:
    dtype, shape = draws.one_of(("int8", "int16", "float32")), draws.shape(0, 5)
    axis, written = draws.axis(len(shape) + 1)
    output = draws.tensor((*shape[:axis], 1, *shape[axis:]), dtype)
    axes = whole([written]) if draws.flag() else whole(written)
    return one_operator("EXPAND_DIMS", [draws.tensor(shape, dtype), axes], output)


def random_shape(draws: Draws) -> bytes:
    shape = draws.shape(1, 6)
    return one_operator("SHAPE", [draws.tensor(shape, draws.one_of(TYPES))], tensor((len(shape),), "int32"))


@pytest.mark.parametrize("make", [random_reshape, random_squeeze, random_expand_dims, random_shape])
def test_random_shapes_equal_tflm(make: Callable[[Draws], bytes], tflm: Tflm) -> None:
    check_moves(make, tflm)


@pytest.mark.parametrize(
    ("name", "inputs", "output", "why"),
    [
        ("SQUEEZE", [tensor((2, 1, 3))], (6,), "the output has shape [6], not [2, 3]"),
        ("EXPAND_DIMS", [tensor((2,)), whole(2)], (2, 1), "has no place for an axis 2"),
        ("EXPAND_DIMS", [tensor((2,)), whole(0)], (2, 1), "the output has shape [2, 1], not [1, 2]"),
        ("RESHAPE", [tensor((2, 3))], (5,), "cannot become [5]"),
    ],
)
def test_shapes_that_do_not_fit_are_an_error(
    name: str, inputs: list[Tensor], output: tuple[int, ...], why: str
) -> None:
    assert why in refusal(one_operator(name, inputs, tensor(output)))


def test_only_axes_of_size_1_can_be_squeezed() -> None:
    model = one_operator("SQUEEZE", [tensor((2, 1))], tensor((1,)), squeeze_dims=[0])
    assert "has no axis 0 of size 1" in refusal(model)


def test_messages_about_operands_of_any_length_stay_short() -> None:
    wide = [constant([1] * 5000 + [3], "int32"), constant([2] * 5000, "int32")]
    assert len(refusal(one_operator("BROADCAST_ARGS", wide, tensor((5001,), "int32")))) < 500
    assert len(refusal(one_operator("TRANSPOSE", [tensor((2, 3)), wide[0]], tensor((3, 2))))) < 500
