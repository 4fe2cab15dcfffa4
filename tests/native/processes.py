"""Other processes, and a compiler that waits for us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ember_infer_native.toolchain import Compiler
from tests.conftest import REPOSITORY

PATIENCE = 60.0  # for a loaded machine; what is tested for would take for ever
_FORK_DURING_A_BUILD = """
import os, sys, threading, time
from pathlib import Path
import ember_infer
from ember_infer_macros import load_program

folder, digits, sine = map(Path, sys.argv[2:])
Backend = getattr(ember_infer, sys.argv[1])
Backend(cache=folder / "cache").compile(load_program(sine))
backend = Backend(cache=folder / "cache")
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


def said_by_a_fork_during_a_build(backend: str, folder: Path, compiler: Compiler) -> str:
    """What parent and child say where the parent forks while another thread of its compiles a model: if all is well,
    the child has compiled and run one of its own, and ended with 0.
    """
    models = [str(REPOSITORY / "models" / f"{model}.tflite") for model in ("digits", "sine")]
    words = [sys.executable, "-c", _FORK_DURING_A_BUILD, backend, str(folder), *models]
    process = command(words, CC=waiting_compiler(folder, compiler))
    try:
        said, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        (folder / "hold").unlink(missing_ok=True)
    return said
