"""The backend class: what it asks for and refuses, and that copies, threads and processes do not meet in it."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import os
import pickle
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ember_infer_core import (
    CompilerNotFound,
    FallbackBackend,
    KernelBackend,
    KernelError,
    RecordingBackend,
    UnsupportedOperator,
)
from ember_infer_core.dispatch import DispatchExecutable
from ember_infer_firmware import FirmwareBackend
from ember_infer_macros import QuantizedModel, ember_model, load_program
from ember_infer_native.toolchain import Compiler
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY
from tests.firmware.nets import reversals, with_layer_names
from tests.native.processes import said_by_a_fork_during_a_build
from tests.native.running import assert_equal, assert_equals_reference, random_inputs, reference, run
from tests.native.test_very_large_programs import additions
from tests.support.one_operator import one_operator, tensor

SINE = REPOSITORY / "models" / "sine.tflite"


@ember_model(SINE)
class Sine(QuantizedModel): ...


@pytest.mark.parametrize("make", [lambda: load_program(SINE), lambda: reversals(4)])
def test_programs_equal_the_reference(firmware: FirmwareBackend, make: Callable[[], object]) -> None:
    assert_equals_reference(firmware, make())  # type: ignore[arg-type]


def test_very_many_layers_compute_what_they_should(firmware: FirmwareBackend) -> None:
    program = additions(400, (0.5, 0.6, 0.7))
    inputs = random_inputs(program, 1, 3)
    assert_equal([run(firmware.compile(program), one) for one in inputs], reference(program, inputs))


def test_a_model_class_takes_it(firmware: FirmwareBackend) -> None:
    inputs = np.arange(-128, 128, dtype=np.int8).reshape(256, 1, 1)
    found = Sine.predict_batch(firmware, inputs)
    np.testing.assert_array_equal(found, Sine.predict_batch(RefBackend(), inputs))
    assert Sine.scratch_len[FirmwareBackend]() == 0


def test_kernels_that_there_are_not_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'reference' or .*, not 'fast'"):
        FirmwareBackend("fast")


def test_without_a_compiler_it_says_so_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "/nonexistent/cc")
    with pytest.raises(CompilerNotFound, match="/nonexistent/cc"):
        FirmwareBackend()


def test_layers_without_a_kernel_are_all_named(firmware: FirmwareBackend) -> None:
    program = with_layer_names(reversals(3), "first", "second", "third")
    calls = [
        replace(call, method=method) for call, method in zip(program.calls, ("warp", "reverse_v2", "weft"), strict=True)
    ]
    with pytest.raises(UnsupportedOperator, match=r"first \(warp\): there is no kernel; third \(weft\): there is no"):
        firmware.compile(replace(program, calls=tuple(calls)))


# Copies, threads, processes


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda backend: pickle.loads(pickle.dumps(backend))])
def test_a_copy_is_as_the_first(
    firmware: FirmwareBackend, copied: Callable[[FirmwareBackend], FirmwareBackend]
) -> None:
    program = reversals()
    firmware.compile(program)
    again = copied(firmware)
    assert again is not firmware
    assert repr(again) == repr(firmware) == "FirmwareBackend(kernels='reference')"
    assert_equals_reference(again, program)


def in_another_process(backend: FirmwareBackend, seed: int) -> list[list[list[int]]]:
    program = reversals()
    return [output.tolist() for output in run(backend.compile(program), random_inputs(program, seed)[0])]


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_another_process_goes_on_with_it(firmware: FirmwareBackend, method: str) -> None:
    wanted = in_another_process(firmware, 3)
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(in_another_process, (firmware, 3)) == wanted


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX alone has forks")
def test_a_child_of_fork_does_not_wait_for_a_thread_that_it_does_not_have(tmp_path: Path, c_compiler: Compiler) -> None:
    assert said_by_a_fork_during_a_build("FirmwareBackend", tmp_path, c_compiler) == "the child is done\n0\n"


def test_threads_share_it(compiled_models: Path) -> None:
    backend = FirmwareBackend(cache=compiled_models)
    program = reversals(4)
    batches = random_inputs(program, 5, 40)
    wanted = reference(program, batches)

    def work(number: int) -> None:
        start.wait()
        compiled = backend.compile(program)
        single = DispatchExecutable(backend, program)
        for executable in (compiled, single):
            assert_equal([run(executable, inputs) for inputs in batches], wanted)

    start = threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, number) for number in range(4)]:
            done.result()


def test_it_keeps_no_program_alive(firmware: FirmwareBackend) -> None:
    program = reversals(6)
    firmware.compile(program).run()
    there = weakref.ref(program)
    del program
    gc.collect()
    assert there() is None


@pytest.mark.parametrize("wrap", [FallbackBackend, RecordingBackend])
def test_backends_are_made_of_it(firmware: FirmwareBackend, wrap: Callable[[KernelBackend], KernelBackend]) -> None:
    assert_equals_reference(wrap(firmware), reversals(3))


def test_a_single_call_without_a_result_says_why(firmware: FirmwareBackend) -> None:
    program = load_program(one_operator("GATHER", [tensor((2, 3)), tensor((2,), "int32")], tensor((2, 3)), axis=0))
    executable = DispatchExecutable(firmware, program)
    executable.inputs[1][...] = 2
    with pytest.raises(KernelError, match="gather: "):
        executable.run()
    executable.inputs[1][...] = 1
    executable.run()
