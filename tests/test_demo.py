"""``make demo``: what it says where something is missing, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

DEMO = str(REPOSITORY / "examples" / "demo.py")
SLOWLY = "import time\nprint('here', flush=True)\ntime.sleep(60)\n"


def environment(**changed: str) -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": "utf-8", **changed}


def test_without_a_compiler_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ziglang'] = None\n")
    result = subprocess.run(
        [sys.executable, DEMO],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env=environment(CC="", PATH="", PYTHONPATH=str(tmp_path), COLUMNS="400"),
    )
    assert result.returncode == 0, result.stderr
    assert "NativeBackend left out" in result.stdout
    assert "pip install 'ember-infer[native]'" in result.stdout


def interrupted(**changed: str) -> tuple[int, str]:
    """How it ends and what it says, once it has come as far as the word ``here``."""
    with subprocess.Popen(
        [sys.executable, DEMO],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=environment(**changed),
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line == "here\n":
                break
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to whatever has been started
        return process.wait(), process.stdout.read()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_while_it_is_imported_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text(SLOWLY)
    assert interrupted(PYTHONPATH=str(tmp_path)) == (-signal.SIGINT, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_while_it_runs_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_CLASSIFYING)
    assert interrupted(PYTHONPATH=str(tmp_path)) == (130, "")


SLOW_CLASSIFYING = """
import sys, time
def slow(frame, event, argument):
    if event == "call" and frame.f_code.co_name == "show_native":
        sys.setprofile(None)
        print("here", flush=True)
        time.sleep(60)
sys.setprofile(slow)
"""
