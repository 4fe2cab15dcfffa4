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
from tests.conftest import REPOSITORY
from tests.native.processes import PATIENCE, command, waiting_compiler

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
FORK_DURING_A_BUILD = """
import os, sys, threading, time
from pathlib import Path
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend

folder, digits, sine = map(Path, sys.argv[1:])
NativeBackend(cache=folder / "cache").compile(load_program(sine))
backend = NativeBackend(cache=folder / "cache")
(folder / "hold").touch()
builds = threading.Thread(target=backend.compile, args=[load_program(digits)])
builds.start()
while not (folder / "waiting").exists():
    time.sleep(0.01)
if os.fork() == 0:
    backend.compile(load_program(sine)).run()
    print("the child is done", flush=True)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
(folder / "hold").unlink()
builds.join()
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
    models = str(REPOSITORY / "models" / "digits.tflite"), str(REPOSITORY / "models" / "sine.tflite")
    process = start(FORK_DURING_A_BUILD, str(tmp_path), *models, CC=waiting_compiler(tmp_path, c_compiler))
    try:
        said, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        (tmp_path / "hold").unlink(missing_ok=True)
    assert said == "the child is done\n0\n"


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
