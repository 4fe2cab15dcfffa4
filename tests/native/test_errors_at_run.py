"""Calls without a result for some inputs: the run ends in an error, outputs stay as they are, and the next is well."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from ember_infer_core import KernelError, Program
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from ember_infer_native.library import NativeExecutable
from tests.native.nets import Net
from tests.native.running import reference, run
from tests.support.one_operator import one_operator, tensor

SHAPE = (2, 3)


@pytest.fixture(scope="module")
def division() -> Program:
    """int32 quotients of two inputs; beside them, a convolution large enough for the GIL to be let go."""
    net = Net()
    x, y = net.input(*SHAPE, dtype="int32"), net.input(*SHAPE, dtype="int32")
    net.output(net.operator("DIV", [x, y], *SHAPE, dtype="int32"), net.conv2d(net.input(1, 20, 20, 4), 8))
    return load_program(net.finish())


@pytest.fixture
def executable(native: NativeBackend, division: Program) -> NativeExecutable:
    return native.compile(division)


def operands(divisor: int) -> list[Any]:
    divisors = np.full(SHAPE, 3, np.int32)
    divisors[1, 1] = divisor
    return [np.full(SHAPE, -(2**31), np.int32), divisors, np.ones((1, 20, 20, 4), np.int8)]


@pytest.mark.parametrize("divisor", [0, -1])
def test_a_run_without_a_result_writes_nothing(executable: NativeExecutable, division: Program, divisor: int) -> None:
    for output in executable.outputs:
        output[...] = 77
    with pytest.raises(KernelError, match="a division by zero, or of -2\\*\\*31 by -1, has no result"):
        run(executable, operands(divisor))
    assert all((output == 77).all() for output in executable.outputs)
    (expected,) = reference(division, [operands(5)])
    for found, wanted in zip(run(executable, operands(5)), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_predict_raises_and_lets_go_of_the_arrays(executable: NativeExecutable) -> None:
    arrays = [*operands(0), *(np.full_like(output, 77) for output in executable.outputs)]
    with pytest.raises(KernelError, match="has no result"):
        executable.predict(*arrays)
    assert all((array == 77).all() for array in arrays[3:])
    arrays[0].resize((1, 6), refcheck=False)  # as a buffer that somebody holds cannot be


def test_a_batch_ends_with_the_sample_that_has_no_result(executable: NativeExecutable) -> None:
    samples = [operands(0 if number == 11 else 4) for number in range(12)]
    inputs = [np.stack(arrays) for arrays in zip(*samples, strict=True)]
    outputs = [np.zeros((12, *output.shape), output.dtype) for output in executable.outputs]
    with pytest.raises(KernelError, match="has no result"):
        executable.run_batch(inputs, outputs)
    assert outputs[0][0].all()
    assert not outputs[0][11].any()


def test_a_single_call_raises_and_the_next_is_well(native: NativeBackend) -> None:
    program = load_program(one_operator("DIV", [tensor(SHAPE, "int32")] * 2, tensor(SHAPE, "int32")))
    params: Any = copy.copy(program.calls[0].params)
    params.cache = {}
    params.input1, params.input2 = operands(0)[:2]
    params.output = np.full(SHAPE, 77, np.int32)
    with pytest.raises(KernelError, match="has no result"):
        native.div(params)
    assert (params.output == 77).all()
    params.input2[...] = 2
    native.div(params)
    assert (params.output == -(2**30)).all()


def test_values_below_the_domain_of_a_table_are_an_error(native: NativeBackend) -> None:
    model = one_operator("RSQRT", [tensor((1, 4, 5, 3), scale=0.1, zero_point=-5)], tensor((1, 4, 5, 3), scale=0.1))
    executable = native.compile(load_program(model))
    run(executable, [np.full((1, 4, 5, 3), -5, np.int8)])
    with pytest.raises(KernelError, match="not defined below -5"):
        run(executable, [np.full((1, 4, 5, 3), -6, np.int8)])
