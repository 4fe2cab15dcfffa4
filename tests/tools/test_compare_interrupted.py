"""Ctrl-C ends a comparison with another runtime at once, wherever it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.tools.test_command_line import CLI

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")

DIGITS = str(REPOSITORY / "models" / "digits.tflite")
# Ctrl-C between the start of the timer and what would stop it.
BETWEEN = """
import threading
from ember_infer_tools.compare.interpreters import RUNTIMES, InterpreterProcess

start = threading.Timer.start

def started(timer):
    start(timer)
    raise KeyboardInterrupt

threading.Timer.start = started
process = InterpreterProcess(RUNTIMES["tflm"])
try:
    process.load("the model", b"", 1, 1000)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_nobody_waits_for_a_timer(tflm_wheel: None) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", BETWEEN]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")  # a timer has 120 s


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2, 0.5])
def test_ctrl_c_ends_compare_with_tflm(tflm_wheel: None, tmp_path: Path, seconds: float) -> None:
    """Many samples, and so many questions to the other process; Ctrl-C comes some time after the first."""
    (tmp_path / "told.py").write_text(TOLD)
    command = [sys.executable, "-m", CLI, "compare", DIGITS, "--a", "told:Told", "--b", "tflm", "--samples", "100000"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "comparing\n"
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to the other process too
        # Where Ctrl-C comes while a string is executed, as dataclasses do, Python ends by the signal: a
        # shell shows 130 for both.
        assert process.wait(90) in (130, -signal.SIGINT)
        assert process.stderr.read() == ""


TOLD = """
from ember_infer_ref import RefBackend

class Told(RefBackend):
    told = False

    def run_operator(self, operator, params):
        if not Told.told:
            Told.told = True
            print("comparing", flush=True)
        super().run_operator(operator, params)
"""
