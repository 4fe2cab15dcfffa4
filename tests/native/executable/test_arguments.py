"""What ``run`` and ``predict`` take, and what they leave alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import InvalidShape, Program
from ember_infer_native import NativeBackend
from ember_infer_native.library import NativeExecutable
from ember_infer_native.numpy_arrays import arrays_are_readable
from tests.native.executable.models import Branches, Digits, fitting
from tests.native.running import assert_equal, random_inputs, reference


def test_scratch_may_be_given_or_not(executable: NativeExecutable) -> None:
    scratch = np.zeros(16, np.uint8)
    for buffer in executable.inputs:
        buffer[...] = 3
    executable.run()
    expected = [output.copy() for output in executable.outputs]
    calls: list[Callable[[], None]] = [
        lambda: executable.run(None),
        lambda: executable.run(scratch=None),
        lambda: executable.run(scratch),
        lambda: executable.run(scratch=scratch),
        lambda: executable.run(scratch=scratch[:0]),
    ]
    for call in calls:
        for output in executable.outputs:
            output[...] = 99
        call()
        assert_equal([list(executable.outputs)], [expected])


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [((None, None), {}), ((None,), {"scratch": None}), ((), {"scrap": None}), ((), {"scratch": None, "scrap": None})],
)
def test_other_arguments_of_run_are_a_type_error(
    executable: NativeExecutable, arguments: tuple[None, ...], keywords: dict[str, None]
) -> None:
    before = [output.copy() for output in executable.outputs]
    for buffer in executable.inputs:
        buffer[...] = 50
    with pytest.raises(TypeError, match=r"run\(\) takes at most one argument: scratch"):
        executable.run(*arguments, **keywords)
    assert_equal([list(executable.outputs)], [before])


@pytest.mark.parametrize("length", [0, 1, 100])
def test_scratch_of_any_length_does_for_a_model(native: NativeBackend, length: int) -> None:
    inputs, outputs = random_inputs(Branches.program, 3)[0], [np.zeros((2, 3), np.int8), np.zeros(6, np.int8)]
    Branches.predict_quantized_with_scratch(native, inputs, outputs, np.zeros(length, np.uint8))
    assert_equal([outputs], reference(Branches.program, [inputs]))
    assert Branches.scratch_len[NativeBackend]() == 0


def test_predict_works_on_the_callers_arrays(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    kept = [array.copy() for array in inputs]
    assert executable.predict(*inputs, *outputs) is True
    assert_equal([outputs], reference(program, [kept]))
    assert_equal([inputs], [kept])


def test_predict_takes_any_shape_of_the_right_length(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    flat = [array.reshape(-1) for array in (*inputs, *outputs)]
    assert executable.predict(*flat) is True
    assert_equal([outputs], reference(program, [inputs]))


def test_predict_reads_arrays_that_are_read_only(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    for array in inputs:
        array.flags.writeable = False
    assert executable.predict(*inputs, *outputs) is True
    assert_equal([outputs], reference(program, [inputs]))


def read_only(array: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    array.flags.writeable = False
    return array


# What may stand for the first input, or the first output, of 6 elements.
MISFITS: dict[str, Callable[[], Any]] = {
    "too long": lambda: np.zeros(7, np.int8),
    "too short": lambda: np.zeros(5, np.int8),
    "empty": lambda: np.zeros(0, np.int8),
    "uint8": lambda: np.zeros((2, 3), np.uint8),
    "bool": lambda: np.zeros((2, 3), np.bool_),
    "float": lambda: np.zeros((2, 3), np.float32),
    "int16 of as many bytes": lambda: np.zeros(3, np.int16),
    "bytes as strings": lambda: np.zeros(6, "S1"),
    "a record": lambda: np.zeros(3, np.dtype([("a", np.int8), ("b", np.int8)])),
    "every second element": lambda: np.zeros(12, np.int8)[::2],
    "backwards": lambda: np.zeros(6, np.int8)[::-1],
    "Fortran's order": lambda: np.zeros((2, 3), np.int8, "F"),
    "broadcast": lambda: np.broadcast_to(np.zeros(1, np.int8), 6),
    "objects": lambda: np.zeros(6, object),
    "a list": lambda: [0] * 6,
    "bytes": lambda: bytes(6),
    "None": lambda: None,
    "a number": lambda: 6,
}


@pytest.mark.parametrize("misfit", MISFITS)
@pytest.mark.parametrize("position", [0, 2], ids=["input", "output"])
def test_what_does_not_fit_is_left_alone(
    executable: NativeExecutable, program: Program, misfit: str, position: int
) -> None:
    inputs, outputs = fitting(program)
    arrays: list[Any] = [*inputs, *outputs]
    arrays[position] = MISFITS[misfit]()
    before = [np.array(array) for array in arrays]
    assert executable.predict(*arrays) is False
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(np.array(array), old)


class _Subclass(np.ndarray[Any, np.dtype[np.int8]]):
    """Not NumPy's own type of arrays, but laid out like it."""


def test_predict_takes_what_has_a_buffer(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    subclass = inputs[0].view(_Subclass)
    assert executable.predict(subclass, inputs[1].data, *outputs) is True
    assert_equal([outputs], reference(program, [inputs]))


def test_numpys_arrays_are_read_as_they_lie_in_memory() -> None:
    assert arrays_are_readable()


def test_a_read_only_output_is_left_alone(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    outputs[1].flags.writeable = False
    assert executable.predict(*inputs, *outputs) is False
    assert not outputs[0].any()
    assert not outputs[1].any()


def test_outputs_that_overlap_are_left_alone(executable: NativeExecutable, program: Program) -> None:
    inputs, _ = fitting(program)
    memory = np.zeros(12, np.int8)
    for first in range(12 - 6 + 1):
        for second in range(12 - 6 + 1):
            apart = abs(first - second) >= 6
            memory[...] = 0
            pair = memory[first : first + 6], memory[second : second + 6]
            assert executable.predict(*inputs, *pair) is apart
            assert memory.any() == apart
            if apart:
                assert_equal([[pair[0].reshape(2, 3), pair[1]]], reference(program, [inputs]))


def test_an_output_may_be_an_input(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    expected = reference(program, [inputs])
    assert executable.predict(*inputs, inputs[0], outputs[1]) is True
    assert_equal([[inputs[0], outputs[1]]], expected)


@pytest.mark.parametrize("count", [0, 1, 3, 5, 40])
def test_another_number_of_arrays_is_left_alone(executable: NativeExecutable, count: int) -> None:
    assert executable.predict(*[np.zeros(6, np.int8)] * count) is False


def test_predict_takes_no_keywords(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    predict: Any = executable.predict
    with pytest.raises(TypeError, match="keyword"):
        predict(*inputs, *outputs, scratch=None)
    assert not outputs[0].any()


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((1, 8, 8, 1), np.uint8), np.zeros(63, np.int8), np.zeros((8, 16), np.int8)[:, ::2], [0] * 64],
    ids=["uint8", "short", "not contiguous", "list"],
)
def test_a_model_refuses_what_does_not_fit_by_name(native: NativeBackend, wrong: Any) -> None:
    output = np.zeros(Digits.output_len(), np.int8)
    Digits.predict_quantized(native, np.zeros(Digits.input_len(), np.int8), output)  # now there is a quick way
    output[...] = 0
    with pytest.raises(InvalidShape, match="input"):
        Digits.predict_quantized(native, wrong, output)
    with pytest.raises(InvalidShape, match="output: the array is read-only"):
        Digits.predict_quantized(native, np.zeros(Digits.input_len(), np.int8), read_only(np.zeros(10, np.int8)))
    assert not output.any()
