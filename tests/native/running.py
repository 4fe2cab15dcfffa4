"""Running programs on the native backend, and the small models that several tests share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core import Executable, KernelBackend, Program
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter, pack_model
from tests.support.samples import every_operator, two_branches

Arrays = list[npt.NDArray[Any]]
Shape = tuple[int, ...]


def run(executable: Executable, inputs: Sequence[npt.NDArray[Any]]) -> Arrays:
    """All outputs of one inference."""
    for buffer, array in zip(executable.inputs, inputs, strict=True):
        buffer[...] = array
    executable.run()
    return [output.copy() for output in executable.outputs]


def dispatching(backend: KernelBackend, program: Program) -> Executable:
    """The executable that calls the backend's methods one by one."""
    return KernelBackend.compile(backend, program)


def random_inputs(program: Program, seed: int, count: int = 1) -> list[Arrays]:
    """Inputs for so many inferences."""
    random = np.random.default_rng(seed)
    tensors = [program.tensors[index] for index in program.inputs]
    return [[_random_array(random, tensor.shape, tensor.dtype) for tensor in tensors] for _ in range(count)]


def _random_array(random: np.random.Generator, shape: Shape, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    if dtype == np.float32:
        return random.normal(0, 20, shape).astype(np.float32)
    least, most = (0, 1) if dtype == np.bool_ else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return random.integers(least, most, shape, np.int64, endpoint=True).astype(dtype)


def extreme_inputs(program: Program) -> list[Arrays]:
    """An inference of the least values of each type, and one of the greatest."""
    tensors = [program.tensors[index] for index in program.inputs]
    return [[np.full(tensor.shape, _ends(tensor.dtype)[end], tensor.dtype) for tensor in tensors] for end in (0, 1)]


def _ends(dtype: np.dtype[Any]) -> tuple[float, float]:
    if dtype == np.float32:
        return -1e30, 1e30
    return (0, 1) if dtype == np.bool_ else (np.iinfo(dtype).min, np.iinfo(dtype).max)


def reference(program: Program, batches: Sequence[Arrays]) -> list[Arrays]:
    """What RefBackend answers."""
    executable = RefBackend().compile(program)
    return [run(executable, inputs) for inputs in batches]


def assert_equal(found: Sequence[Arrays], expected: Sequence[Arrays]) -> None:
    """Same bytes, for each inference and output."""
    for inference, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        for index, (our, their) in enumerate(zip(ours, theirs, strict=True)):
            np.testing.assert_array_equal(our, their, f"inference {inference}, output {index}")


def assert_equals_reference(backend: KernelBackend, program: Program, seed: int = 0) -> None:
    """As one whole and call by call, on a few random inputs and the extreme ones."""
    batches = random_inputs(program, seed, 3)
    batches += [[np.full_like(array, value) for array in batches[0]] for value in (-128, 127)]
    expected = reference(program, batches)
    for executable in (backend.compile(program), dispatching(backend, program)):
        assert_equal([run(executable, inputs) for inputs in batches], expected)


def every_operator_program() -> Program:
    """One input, one output, every operator."""
    return load_program(pack_model(every_operator()))


def two_branches_program() -> Program:
    """Two inputs, two outputs."""
    return load_program(pack_model(two_branches()))


def doubling_program(length: int = 6, scale: float = 1.0) -> Program:
    """The sum of an input and itself."""
    writer = ModelWriter()
    input = writer.tensor("input", (length,), scale=0.5)
    output = writer.tensor("output", (length,), scale=scale)
    writer.add(input, input, output)
    return load_program(writer.finish([input], [output]))
