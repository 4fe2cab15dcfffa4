"""What counts as right, for outputs of every type, and fill that is wrong everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pytest

from ember_infer_core.conformance.calls import bind_call
from ember_infer_core.conformance.contents import values
from ember_infer_core.conformance.definition import expected_of
from ember_infer_core.conformance.expected import Expected, as_outputs, unlike
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.slots import AnyArray, Operand, OperatorParams, Role, Shape
from tests.conformance.toys import Toy

TYPES = (np.int8, np.int16, np.int32, np.uint8, np.float32, np.bool_)


@pytest.mark.parametrize("dtype", TYPES)
def test_what_outputs_are_filled_with_is_wrong_in_every_element(dtype: type[np.generic]) -> None:
    array = values((200,), dtype, np.random.default_rng(0))
    expected = Expected({"output": array}, ulp=4)
    assert expected.met_by({"output": array.copy()})
    assert expected.wrong(expected.before())["output"].all()
    assert unlike(array).dtype == array.dtype
    assert unlike(array[0].reshape(())).shape == ()


def floats(*numbers: Any) -> AnyArray:
    return np.array(numbers, np.float32)


def test_without_ulps_a_float_is_to_have_the_same_bits_but_any_nan_will_do() -> None:
    one, next_ = np.float32(1), np.nextafter(np.float32(1), np.float32(2))
    payload = np.array([0x7FC00001], np.uint32).view(np.float32)[0]
    expected = Expected({"output": floats(one, 0.0, np.nan, np.inf, np.nan)})
    got = {"output": floats(next_, -0.0, payload, np.inf, 1.0)}
    assert expected.wrong(got)["output"].tolist() == [True, True, False, False, True]


def test_with_ulps_neighbours_are_right_across_zero_too() -> None:
    least = np.float32(1e-45)
    expected = Expected({"output": floats(1.0, 0.0, least, np.inf, -1.0)}, ulp=2)
    largest = np.finfo(np.float32).max
    near = np.nextafter(np.nextafter(np.float32(1), np.float32(2)), np.float32(2))
    assert expected.met_by({"output": floats(near, -0.0, -least, largest, -near)})
    far = np.nextafter(near, np.float32(2))
    assert expected.wrong({"output": floats(far, 1.0, -2 * least, np.nan, 1.0)})["output"].all()


def test_a_bool_that_is_neither_0_nor_1_is_wrong() -> None:
    two = np.array([2], np.uint8).view(np.bool_)
    assert not Expected({"output": np.array([True])}).met_by({"output": two})


@dataclass(slots=True, kw_only=True, eq=False)
class TwoOutputs(OperatorParams):
    """The sum of any number of float32 inputs, and which of its elements are positive."""

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("inputs", Role.INPUT, np.float32, many=True),
        Operand("total", Role.OUTPUT, np.float32),
        Operand("positive", Role.OUTPUT, np.bool_),
    )

    inputs_shapes: tuple[Shape, ...]
    total_shape: Shape
    positive_shape: Shape
    inputs: tuple[AnyArray, ...] = ()
    total: AnyArray = field(default_factory=lambda: floats())
    positive: AnyArray = field(default_factory=lambda: np.empty(0, np.bool_))


class Summing(Toy):
    """Has one operator, and a bug in it: see :meth:`two`."""

    bug = ""

    def two(self, params: TwoOutputs) -> None:
        params.total[...] = sum(params.inputs)
        params.positive[...] = params.total > 0
        if self.bug == "wrong":
            params.positive[0] = ~params.positive[0]
        if self.bug == "reads and writes":
            params.inputs[1][...] = 0
        if self.bug == "overruns":
            np.lib.stride_tricks.as_strided(params.total, (params.total.size + 1,), (4,))[-1] = 9


def made(bug: str) -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    params = TwoOutputs(inputs_shapes=((3,), (3,)), total_shape=(3,), positive_shape=(3,))
    params.inputs = tuple(values((3,), np.float32, random) for _ in range(2))
    params.total, params.positive = np.empty(3, np.float32), np.empty(3, np.bool_)
    total = params.inputs[0] + params.inputs[1]
    expected = Expected(as_outputs(params, [total, total > 0]))
    backend = Summing()
    backend.bug = bug
    return bind_call(backend, "two", params).run(backend, expected), expected


def test_a_call_of_many_inputs_and_two_outputs_is_seen_as_a_whole() -> None:
    outcome, expected = made("")
    assert outcome.right(expected), outcome


@pytest.mark.parametrize(
    ("bug", "damage"),
    [
        ("wrong", ()),
        ("reads and writes", ("changed its inputs[1], which it may only read",)),
        ("overruns", ("wrote outside its total (12 bytes): 4 bytes past its end, up to the byte 4 beyond it",)),
    ],
)
def test_each_buffer_of_a_call_is_watched(bug: str, damage: tuple[str, ...]) -> None:
    outcome, expected = made(bug)
    assert not outcome.right(expected)
    assert outcome.damage == damage


def test_a_definition_that_gives_other_outputs_than_declared_is_a_mistake_of_the_suite() -> None:
    params = TwoOutputs(inputs_shapes=(), total_shape=(3,), positive_shape=(3,))
    with pytest.raises(AssertionError, match=r"gives float64\[3\], its outputs are float32\[3\], bool\[3\]"):
        as_outputs(params, np.zeros(3))


def test_a_state_is_expected_as_it_is_after_the_call_and_filled_as_it_was_before() -> None:
    params = drawn("svdf", 1)[0]
    before = params.state.copy()
    expected = expected_of("svdf", params)
    assert list(expected.outputs) == ["output", "state"]
    np.testing.assert_array_equal(params.state, before)
    np.testing.assert_array_equal(expected.before()["state"], before)
    assert not expected.met_by({**expected.outputs, "state": expected.before()["state"]})
