"""Models that keep state, compiled ahead of time: they go through a sequence where there is no compiler."""

from __future__ import annotations

import ctypes
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ember_infer_core.errors import CompilerNotFound
from ember_infer_core.slots import Int8Array
from ember_infer_macros import load_program
from ember_infer_macros.runtime import Runtime
from ember_infer_native import NativeBackend
from ember_infer_native.artifact import host_machine
from ember_infer_native.artifact_build import build_artifact, write_source
from ember_infer_native.targets import Target
from ember_infer_native.toolchain import find_compiler
from tests.native.artifact.folders import HOST, PORTABLE
from tests.support.stateful_models import running_sum
from tests.support.tflm import Tflm

ZERO_POINT, INITIAL = -3, 7
MODEL = running_sum(ZERO_POINT, INITIAL)


@pytest.fixture(scope="module")
def steps() -> Int8Array:
    return np.random.default_rng(0).integers(-30, 30, (20, 1, 4)).astype(np.int8)


@pytest.fixture(scope="module")
def expected(steps: Int8Array, tflm: Tflm) -> list[list[int]]:
    return [outputs[0].ravel().tolist() for outputs in tflm.run(MODEL, [[step] for step in steps])]


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model, made before the compiler is gone."""
    folder = tmp_path_factory.mktemp("artifact")
    build_artifact([load_program(MODEL)], folder, [HOST], host_machine())
    return folder


@pytest.fixture
def compiled(artifact: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, with a cache that nothing may come to use."""
    monkeypatch.setenv("EMBER_CACHE_DIR", str(artifact / "unused"))
    return artifact


def test_a_sequence_runs_from_an_artifact_as_on_the_device(
    compiled: Path, no_compiler: None, steps: Int8Array, expected: list[list[int]]
) -> None:
    """From the initial state, saved in the middle, carried on in another session, and reset."""
    runtime, backend = Runtime(load_program(MODEL)), NativeBackend(artifacts=compiled)
    first, second = runtime.bind(backend), runtime.bind(backend)
    answers = []
    for number, step in enumerate(steps):
        session = first if number < 10 else second
        if number == 10:
            second.state = first.state
        session.input[...] = step
        session.run()
        answers.append(session.output.ravel().tolist())
    assert answers == expected
    first.reset()
    assert first.state.view(np.int8).tolist() == [ZERO_POINT] * 4
    assert not (compiled / "unused").exists()


def test_another_beginning_is_another_model(compiled: Path, no_compiler: None) -> None:
    """What CALL_ONCE assigns is in the library: it must not be found for a model that starts otherwise."""
    backend = NativeBackend(artifacts=compiled)
    with pytest.raises(CompilerNotFound, match="there is another model"):
        backend.compile(load_program(running_sum(ZERO_POINT, INITIAL + 1)))


@pytest.mark.parametrize("target", [HOST, PORTABLE], ids=lambda target: target.name)
def test_the_source_says_how_state_is_kept_and_does_it(
    target: Target, tmp_path: Path, steps: Int8Array, expected: list[list[int]]
) -> None:
    folder = write_source(load_program(MODEL), target, host_machine(), tmp_path)
    head = (folder / "model.c").read_text()[:2000]
    assert "ember_save_state(arrays, memory)" in head
    (line,) = (line.strip() for line in head.splitlines() if line.strip().startswith("cc "))
    command = shlex.split(line)[1:]
    subprocess.run([*find_compiler().command, *command], cwd=folder, check=True)
    library = ctypes.CDLL(str(folder / command[command.index("-o") + 1]))
    library.ember_arena_len.restype = ctypes.c_int64
    memory = np.zeros(library.ember_arena_len() + 64, np.uint8)
    arena = ctypes.c_void_p(memory.ctypes.data + -memory.ctypes.data % 64)
    library.ember_prepare(arena)
    output, kept = np.zeros(4, np.int8), np.zeros(4, np.int8)
    for step, answer in zip(steps, expected, strict=True):
        library.ember_run(_array(step), _array(output), arena)
        assert output.tolist() == answer
        library.ember_save_state(_array(kept), arena)
        assert kept.tolist() == answer
    kept[...] = 0
    library.ember_load_state(_array(kept), arena)
    library.ember_run(_array(np.full(4, ZERO_POINT, np.int8)), _array(output), arena)
    assert output.tolist() == [0] * 4


def _array(array: Int8Array) -> ctypes.Array[ctypes.c_void_p]:
    """A pointer to one pointer."""
    return (ctypes.c_void_p * 1)(array.ctypes.data)
