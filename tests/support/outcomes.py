"""How a model file fares: refused with a ModelError, or a model that runs; anything else fails the test."""

from __future__ import annotations

import re
import time
import tracemalloc

import numpy as np
import pytest

from ember_infer_core import ModelError, Program, Role, UnsupportedActivation
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend

SECONDS = 2.0  # of work, so that others on the machine do not count

MOST_LINES, MOST_CHARACTERS = 100, 100_000

# A damaged shape may ask for more work than a test has time for; such a program is only loaded.
RUNNABLE_ARENA = 1 << 20
RUNNABLE_WORK = 1 << 24


def outcome(content: bytes) -> str:
    """How the file fares; anything but an error of ours passes through as a test failure."""
    try:
        program = load_program(content)
    except ModelError as error:
        refused = error
    else:
        return run_outcome(program)
    check_message(refused)
    return type(refused).__name__


def check_message(refused: ModelError) -> None:
    """A message names the file and a reason, and can be read however much is wrong."""
    message = str(refused)
    assert message.startswith(("<bytes>: ", "<bytes>, subgraph "))
    assert len(refused.reason) > 10
    assert message.count("\n") < MOST_LINES
    assert len(message) < MOST_CHARACTERS


def run_outcome(program: Program) -> str:
    """How one inference of a program goes."""
    if program.arena_len > RUNNABLE_ARENA or work(program) > RUNNABLE_WORK:
        return "too large to run"
    try:
        executable = RefBackend().compile(program)
        for array in executable.inputs:
            array[...] = np.arange(array.size, dtype=np.int64).astype(np.int8).reshape(array.shape)
        executable.run()
    except UnsupportedActivation as error:
        return type(error).__name__
    return "ran"


def work(program: Program) -> int:
    """Roughly the multiplications of a run: for each call its output elements times the constants for one of them."""
    total = 0
    for call in program.calls:
        tensors = [program.tensors[index] for index in call.operands.values()]
        outputs = [program.tensors[index] for index in call.tensors(Role.OUTPUT, Role.STATE)]
        constants = sum(tensor.size for tensor in tensors if tensor.data is not None)
        window = getattr(call.params, "filter_height", 1) * getattr(call.params, "filter_width", 1)
        each = 1 + constants // (1, *outputs[0].shape)[-1] + min(window, 64)
        total += sum(output.size for output in outputs) * each
    return total


def timely_outcome(content: bytes) -> str:
    start = time.thread_time()
    found = outcome(content)
    elapsed = time.thread_time() - start
    assert elapsed < SECONDS, f"{elapsed:.1f} s for {len(content)} bytes ({found})"
    return found


def refusal(content: bytes) -> ModelError:
    """The error for a file that must be refused, quickly and without much memory."""
    start = time.thread_time()
    tracemalloc.start()
    try:
        with pytest.raises(ModelError) as caught:
            load_program(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    elapsed = time.thread_time() - start
    assert elapsed < SECONDS, f"{elapsed:.1f} s for {len(content)} bytes"
    assert peak < 1_000_000 + 100 * len(content), f"{peak} bytes of memory for {len(content)} bytes"
    check_message(caught.value)
    return caught.value


def assert_refused(content: bytes, hint: str) -> None:
    """The file is refused in time, for a reason in which a pattern occurs."""
    reason = refusal(content).reason
    assert re.search(hint, reason), f"{hint!r} does not occur in: {reason}"
