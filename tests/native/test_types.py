"""Tensors of other types than int8: in and out of a library as they are, and checked at its door."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import KernelError, Program, UnsupportedOperator
from ember_infer_core.ops import add_n, arg_max, cumsum, reduction
from ember_infer_core.ops.reshape import prepare
from ember_infer_core.program import Call, Tensor
from ember_infer_core.slots import OperatorParams
from ember_infer_native import NativeBackend
from ember_infer_native.digest import program_digest
from ember_infer_native.plan import FORMATS
from tests.native.running import run

TYPES = [dtype.name for dtype in FORMATS]
every_type = pytest.mark.parametrize("name", TYPES)


def copies(*names: str) -> Program:
    """For each type a tensor ``(2, 3)`` that comes out as ``(3, 2)``."""
    tensors: list[Tensor] = []
    calls: list[Call] = []
    for number, name in enumerate(names):
        dtype = np.dtype(name)
        tensors += [Tensor("in", (2, 3), dtype), Tensor("out", (3, 2), dtype)]
        params = prepare(input_shape=(2, 3), output_shape=(3, 2), dtype=dtype)
        operands = {"input": 2 * number, "output": 2 * number + 1}
        calls.append(Call(f"copy_{number}", "reshape", number, params, operands))
    inputs, outputs = tuple(range(0, 2 * len(names), 2)), tuple(range(1, 2 * len(names), 2))
    return Program("copies", tuple(tensors), inputs, outputs, tuple(calls))


def any_bits(name: str, shape: tuple[int, ...], seed: int = 0) -> npt.NDArray[Any]:
    """Values of a type; for float32 infinities and NaN, too."""
    random = np.random.default_rng(seed)
    if name == "bool":
        return random.integers(0, 2, shape).astype(np.bool_)
    dtype = np.dtype(name)
    return random.integers(0, 256, (*shape, dtype.itemsize), np.uint8).view(dtype).reshape(shape)


def same_bytes(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    return one.dtype == other.dtype and one.tobytes() == other.tobytes()


@pytest.fixture(scope="module")
def every_copy() -> Program:
    return copies(*TYPES)


def test_arrays_have_the_programs_types(native: NativeBackend, every_copy: Program) -> None:
    executable = native.compile(every_copy)
    assert [array.dtype.name for array in executable.inputs] == TYPES
    assert [array.dtype.name for array in executable.outputs] == TYPES


def test_every_type_goes_through_as_it_is(native: NativeBackend, every_copy: Program) -> None:
    inputs = [any_bits(name, (2, 3)) for name in TYPES]
    for found, given in zip(run(native.compile(every_copy), inputs), inputs, strict=True):
        assert same_bytes(found, given.reshape(3, 2))


@every_type
def test_predict_takes_arrays_of_the_type_and_no_others(native: NativeBackend, name: str) -> None:
    executable = native.compile(copies(name))
    given = any_bits(name, (2, 3), 1)
    for other in [*TYPES, "int64", "uint32", "float64", ">i4", ">f4"]:
        dtype = np.dtype(other)
        as_input = np.frombuffer(given.tobytes() * 8, dtype)[: given.nbytes // dtype.itemsize]
        wanted, output = np.zeros((3, 2), name), np.zeros(given.nbytes // dtype.itemsize, dtype)
        assert executable.predict(as_input, wanted) is (other == name)
        assert executable.predict(given, output) is (other == name)
        assert same_bytes(wanted, given.reshape(3, 2) if other == name else np.zeros((3, 2), name))


@every_type
def test_batches_have_the_type(native: NativeBackend, name: str) -> None:
    inputs, outputs = any_bits(name, (9, 2, 3), 2), np.zeros((9, 3, 2), name)
    native.compile(copies(name)).run_batch([inputs], [outputs])
    assert same_bytes(outputs, inputs.reshape(9, 3, 2))


@every_type
def test_single_calls_have_the_type(native: NativeBackend, name: str) -> None:
    params = copy.copy(copies(name).calls[0].params)
    params.input, params.output = any_bits(name, (2, 3), 3), np.zeros((3, 2), name)  # type: ignore[attr-defined]
    native.reshape(params)  # type: ignore[arg-type]
    assert same_bytes(params.output, params.input.reshape(3, 2))  # type: ignore[attr-defined]


def test_types_make_other_programs() -> None:
    assert len({program_digest(copies(name)) for name in TYPES}) == len(TYPES)


def test_a_type_that_callers_cannot_have_is_refused(native: NativeBackend) -> None:
    with pytest.raises(KernelError, match="not int64"):
        native.compile(copies("int64"))


SHAPE, INT16 = (2, 3), np.dtype(np.int16)
WITHOUT_A_KERNEL: dict[str, OperatorParams] = {
    "add_n": add_n.prepare(inputs_shapes=(SHAPE, SHAPE), output_shape=SHAPE, dtype=INT16),
    "arg_max": arg_max.prepare(input_shape=SHAPE, output_shape=(2,), axes=(1,), dtype=INT16),
    "cumsum": cumsum.prepare(input_shape=SHAPE, output_shape=SHAPE, axes=(1,), dtype=INT16),
    "reduce_max": reduction.prepare(input_shape=SHAPE, output_shape=(2,), axes=(1,), dtype=INT16),
}


@pytest.mark.parametrize("operator", WITHOUT_A_KERNEL)
def test_a_type_without_a_kernel_is_left_to_another_backend(native: NativeBackend, operator: str) -> None:
    """FallbackBackend goes by the error's class."""
    params: Any = copy.copy(WITHOUT_A_KERNEL[operator])
    given = any_bits("int16", SHAPE)
    params.output = np.zeros(params.output_shape, np.int32 if operator == "arg_max" else np.int16)
    if operator == "add_n":
        params.inputs = given, given
    else:
        params.input = given
    with pytest.raises(UnsupportedOperator, match=r"no native kernel computes .* of int16"):
        native.run_operator(operator, params)
