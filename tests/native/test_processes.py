"""Forks and Ctrl-C: no process waits for what never comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ember_infer_native.file_lock import Lock, file_lock
from ember_infer_native.toolchain import Compiler
from tests.native.processes import PATIENCE, command, said_by_a_fork_during_a_build

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX alone has forks and signals")

HELPER = """
import os, sys
from pathlib import Path
from ember_infer_native.file_lock import file_lock
with file_lock(Path(sys.argv[1]), 0.0):
    if os.fork() == 0:
        print("locked", flush=True)
        sys.stdin.read()
    else:
        os._exit(0)
"""
LONG_BATCH = """
import sys
import numpy as np
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from tests.native.nets import Net

net = Net()
x = net.conv2d(net.add(net.input(1, 1, 1, 1), net.constant(1, 128, 128, 32)), 32, (3, 3))
net.output(net.pool(x, "max", (128, 128)))
executable = NativeBackend(cache=sys.argv[1], threads=int(sys.argv[2])).compile(load_program(net.finish()))
outputs = np.full((1_000_000, 1, 1, 1, 32), 99, np.int8)
print("begun", flush=True)
try:
    executable.run_batch([np.zeros((1_000_000, 1, 1, 1, 1), np.int8)], [outputs])
except KeyboardInterrupt:
    print("interrupted", bool((outputs[-1] == 99).all()), flush=True)
"""


def start(code: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return command([sys.executable, "-c", code, *arguments], **environment)


def test_a_child_of_fork_does_not_wait_for_a_thread_that_it_does_not_have(tmp_path: Path, c_compiler: Compiler) -> None:
    assert said_by_a_fork_during_a_build("NativeBackend", tmp_path, c_compiler) == "the child is done\n0\n"


def test_a_lock_ends_with_its_process_and_not_with_a_child(tmp_path: Path) -> None:
    process = start(HELPER, str(tmp_path / "lock"))
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    process.wait(PATIENCE)
    with file_lock(tmp_path / "lock", 0.0) as lock:
        assert lock is Lock.HELD
    process.communicate("")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_long_batch_ends_on_ctrl_c(native_cache: Path, threads: int) -> None:
    process = start(LONG_BATCH, str(native_cache), str(threads))
    assert process.stdout is not None
    try:
        begun = process.stdout.readline()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert begun + said == "begun\ninterrupted True\n"
