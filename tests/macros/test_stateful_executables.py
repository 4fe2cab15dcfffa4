"""Executables of models that keep state: those of this project's backends, and others'."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ember_infer_core import (
    DispatchExecutable,
    InvalidShape,
    KernelBackend,
    Program,
)
from ember_infer_core.slots import AnyArray, ByteArray
from ember_infer_native import NativeBackend
from ember_infer_ref import RefBackend
from tests.macros.stateful import BACKENDS, Before, FromFive, Sine, Sum, run

ONES = np.ones((1, 4), np.int8)


class Forgetful(RefBackend):
    """Makes executables that keep no state that anybody could set."""

    def compile(self, program: Program) -> Any:
        inner = super().compile(program)

        class Executable:
            inputs, outputs, scratch_len, run = inner.inputs, inner.outputs, inner.scratch_len, inner.run

        return Executable()


def test_backend_whose_executables_keep_no_state_is_refused_for_models_that_do() -> None:
    for use in (Sum.bind, lambda backend: Sum.predict(backend, [0.5] * 4)):
        with pytest.raises(TypeError, match=r"keeps state, and what Forgetful\.compile\(\) gives does not"):
            use(Forgetful())
    assert Sine.predict(Forgetful(), 0.0) == Sine.predict(RefBackend(), 0.0)


@pytest.mark.parametrize("kind", ["ref", "native"])
@pytest.mark.parametrize(
    "arrays", [(), (np.zeros((1, 4), np.int16),), (np.zeros((4,), np.int8),), (ONES, ONES), ([[0] * 4],)], ids=str
)
def test_executable_takes_state_of_its_variables_alone(kind: str, arrays: Sequence[Any]) -> None:
    executable: Any = BACKENDS[kind]().compile(Sum.program)
    executable.inputs[0][...] = 1
    executable.run()
    with pytest.raises(InvalidShape, match=r"^bytes: (1 variables, but|state 'sum' is)"):
        executable.load_state(arrays)
    assert [array.tolist() for array in executable.save_state()] == [[[1] * 4]]


def test_program_is_pickled_and_copied_whatever_has_run_it(backend: KernelBackend) -> None:
    run(Sum.bind(backend), 1)
    for program in (pickle.loads(pickle.dumps(Sum.program)), copy.deepcopy(Sum.program)):
        assert (program.arena_len, program.state_len) == (Sum.program.arena_len, Sum.program.state_len)
        executable = backend.compile(program)
        executable.inputs[0][...] = 3
        executable.run()
        executable.run()
        assert executable.outputs[0].tolist() == [[6] * 4]


def test_dispatched_and_compiled_state_are_the_same_arrays() -> None:
    program = Before.program
    saved: list[tuple[AnyArray, ...]] = []
    for executable in (DispatchExecutable(RefBackend(), program), NativeBackend().compile(program)):
        for array in executable.inputs:
            array[...] = -5
        executable.run()
        saved.append(executable.save_state())
    for mine, its in zip(*saved, strict=True):
        assert mine.dtype == its.dtype
        np.testing.assert_array_equal(mine, its)
        assert (mine == -5).all()


def test_executable_starts_anew(backend: KernelBackend) -> None:
    executable: Any = backend.compile(FromFive.program)
    executable.inputs[0][...] = 4
    executable.run()
    first = executable.outputs[0].copy()
    executable.run()
    assert (executable.outputs[0] != first).all()
    executable.start()
    assert executable.save_state()[0].tolist() == [[5] * 4]
    executable.run()
    np.testing.assert_array_equal(executable.outputs[0], first)


def test_timing_layers_leaves_the_state_alone() -> None:
    executable = NativeBackend().compile(Sum.program)
    executable.inputs[0][...] = 1
    executable.run()
    executable.time_layers(repeats=3)
    state: tuple[ByteArray, ...] = executable.save_state()
    assert state[0].tolist() == [[1] * 4]
