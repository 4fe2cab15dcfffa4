"""What an executable is to its callers, and what else it tells."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_core import Executable, Program
from ember_infer_core.executable import PredictsDirectly, RunsBatches
from ember_infer_native import NativeBackend
from ember_infer_native.cache import LibraryCache
from ember_infer_native.library import NativeExecutable
from ember_infer_native.toolchain import Compiler
from tests.native.running import (
    assert_equal,
    every_operator_program,
    random_inputs,
    reference,
    run,
    two_branches_program,
)


def test_it_is_what_the_contract_asks_for(executable: NativeExecutable, program: Program) -> None:
    contract: Executable = executable
    assert isinstance(contract, PredictsDirectly)
    assert isinstance(contract, RunsBatches)
    for arrays, indices in ((executable.inputs, program.inputs), (executable.outputs, program.outputs)):
        assert [array.shape for array in arrays] == [program.tensors[index].shape for index in indices]
        assert all(array.dtype == np.int8 and array.flags.writeable for array in arrays)
    assert executable.scratch_len == 0


def test_a_run_leaves_the_inputs_as_they_are(native: NativeBackend, any_program: Program) -> None:
    executable = native.compile(any_program)
    inputs = random_inputs(any_program, 1)[0]
    first = run(executable, inputs)
    executable.run()
    assert_equal([inputs], [list(executable.inputs)])
    assert_equal([list(executable.outputs)], [first])


def test_executables_of_one_program_share_code_and_no_memory(native: NativeBackend, program: Program) -> None:
    one, other = native.compile(program), native.compile(program)
    assert one.library is other.library
    batches = random_inputs(program, 2, 2)
    expected = reference(program, batches)
    for executable, inputs in zip((one, other), batches, strict=True):
        for buffer, array in zip(executable.inputs, inputs, strict=True):
            buffer[...] = array
    one.run()
    other.run()
    assert_equal([list(one.outputs), list(other.outputs)], expected)


def test_layers_are_timed_by_name(native: NativeBackend) -> None:
    program = every_operator_program()
    times = native.compile(program).time_layers(3)
    assert [name for name, _ in times] == [call.name for call in program.calls]
    assert all(seconds >= 0 for _, seconds in times)


def test_timing_layers_does_not_change_results(native: NativeBackend, any_program: Program) -> None:
    executable = native.compile(any_program)
    inputs = random_inputs(any_program, 5)[0]
    first = run(executable, inputs)
    executable.time_layers(2)
    assert_equal([run(executable, inputs)], [first])


@pytest.mark.parametrize("layer", [-1, 10_000, -(2**31)])
def test_a_layer_that_is_not_there_is_not_run(native: NativeBackend, layer: int) -> None:
    library = native.library(every_operator_program())
    arena = library.new_arena()
    arena[...] = 0x55
    before = arena.copy()

    def run_layer(number: int) -> None:
        library.functions.ember_repeat_layer(number, ctypes.c_int64(1), ctypes.c_void_p(arena.ctypes.data))

    run_layer(layer)
    np.testing.assert_array_equal(arena, before)
    run_layer(0)
    assert (arena != before).any()


def test_a_loaded_library_needs_its_file_no_more(c_compiler: Compiler, tmp_path: Path) -> None:
    """Another process may clear the cache between two steps of ours."""

    class Cleared(LibraryCache):
        def load(self, *arguments: Any, **keywords: Any) -> ctypes.CDLL:
            loaded = super().load(*arguments, **keywords)
            Path(loaded._name).unlink()
            return loaded

    backend = NativeBackend(cache=tmp_path / "cache")
    backend._cache = Cleared(tmp_path / "cache")
    program = two_branches_program()
    inputs = random_inputs(program, 6)
    assert_equal([run(backend.compile(program), inputs[0])], reference(program, inputs))
