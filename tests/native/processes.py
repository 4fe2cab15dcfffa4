"""Other processes, and a compiler that waits for us."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ember_infer_native.toolchain import Compiler
from tests.conftest import REPOSITORY

PATIENCE = 60.0  # for a loaded machine; what is tested for would take for ever


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def command(words: Sequence[str], **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # jobs in the background ignore it
    )


def waiting_compiler(folder: Path, compiler: Compiler) -> str:
    """A compiler that says so and waits as long as there is a file ``hold``."""
    hold = f"if [ -e {folder}/hold ]; then touch {folder}/waiting; fi; while [ -e {folder}/hold ]; do sleep 0.02; done"
    return script(folder / "cc", f'case "$*" in *-shared*) {hold};; esac; exec {" ".join(compiler.command)} "$@"')
