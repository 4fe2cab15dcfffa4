"""What an executable keeps alive, and that it leaves nothing behind."""

from __future__ import annotations

import gc
import sys
import tracemalloc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_core import Program
from ember_infer_native import NativeBackend
from ember_infer_native.library import NativeExecutable
from tests.native.executable.models import Digits, fitting
from tests.native.running import assert_equal, reference, two_branches_program


def test_run_outlives_its_session(native: NativeBackend) -> None:
    session = Digits.bind(native)
    session.input[...] = 7
    session.run()
    expected, output, call = session.output.copy(), session.output, session.run
    del session
    gc.collect()
    litter = [np.full(size, 0x55, np.uint8) for size in range(64, 6000, 64)]
    output[...] = 99
    call()
    np.testing.assert_array_equal(output, expected)
    assert len(litter) > 1


def test_predict_outlives_everything_else(native: NativeBackend) -> None:
    program = two_branches_program()
    inputs, outputs = fitting(program)
    predict = native.compile(program).predict
    expected = reference(program, [inputs])
    del program
    gc.collect()
    litter = [np.full(size, 0x55, np.uint8) for size in range(64, 6000, 64)]
    assert predict(*inputs, *outputs)
    assert_equal([outputs], expected)
    assert len(litter) > 1


def test_an_executable_that_nobody_holds_is_freed_at_once(native: NativeBackend, program: Program) -> None:
    executable = native.compile(program)
    memory = weakref.ref(executable.inputs[0].base)
    gone = weakref.ref(executable)
    gc.disable()
    try:
        del executable
        assert gone() is None
        assert memory() is None
    finally:
        gc.enable()


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_a_hundred_thousand_calls_leave_nothing_behind(executable: NativeExecutable, program: Program) -> None:
    inputs, outputs = fitting(program)
    scratch = np.zeros(0, np.uint8)
    objects = [*inputs, *outputs, scratch, None, True, False, executable.run, executable.predict]

    def calls(count: int) -> None:
        for _ in range(count):
            executable.run()
            executable.run(scratch)
            executable.run(scratch=scratch)
            executable.predict(*inputs, *outputs)
            executable.predict(*inputs, outputs[0], inputs[0][::2])
            executable.predict(*inputs, outputs[0], outputs[0])

    calls(100)
    tracemalloc.start()
    try:
        before, references = tracemalloc.get_traced_memory()[0], [sys.getrefcount(item) for item in objects]
        calls(100_000 // 6)
        after, counted = tracemalloc.get_traced_memory()[0], [sys.getrefcount(item) for item in objects]
    finally:
        tracemalloc.stop()
    assert after - before < 10_000
    assert max(abs(new - old) for new, old in zip(counted, references, strict=True)) < 50


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_thousand_executables_leave_no_memory_behind(native: NativeBackend, program: Program) -> None:
    for _ in range(200):
        native.compile(program).run()
    before = resident_bytes()
    for _ in range(1000):
        native.compile(program).run()
    assert resident_bytes() - before < 1_000_000


def test_errors_in_calls_leak_nothing(executable: NativeExecutable) -> None:
    given: list[Any] = [object() for _ in range(4)]  # of None and small numbers nobody counts references any more
    before = [sys.getrefcount(item) for item in given]
    for _ in range(2000):
        with pytest.raises(TypeError):
            executable.run(*given[:2])
        assert not executable.predict(*given)
    assert [sys.getrefcount(item) for item in given] == before
