"""TensorFlow Lite Micro as the oracle, in a process of its own because it stops by signal on some models."""

from __future__ import annotations

import contextlib
import importlib.util
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy.typing as npt

DEFAULT_ARENA_SIZE = 1 << 22
TIMEOUT_SECONDS = 60.0
LOG_TAIL = 2000


class TflmError(Exception):
    """TFLM did not run the model."""


class TflmRefused(TflmError):
    """TFLM reported an error."""


class TflmDied(TflmError):
    """TFLM stopped its process by signal, or ran into an endless loop."""


def tflm_is_installed() -> bool:
    """Whether the wheel is there."""
    return importlib.util.find_spec("tflite_micro") is not None


class Tflm:
    """Runs models through TFLM's own interpreter. One client serves one thread.

    The process starts with the first request, and again after a model that hangs.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the client

    def __enter__(self) -> Tflm:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def run(
        self,
        model: bytes,
        batches: Sequence[Sequence[npt.NDArray[Any]] | None],
        outputs: int = 1,
        arena_size: int = DEFAULT_ARENA_SIZE,
    ) -> list[list[npt.NDArray[Any]]]:
        """One inference after the other on a fresh interpreter.

        Args:
            model: content of a .tflite file.
            batches: for each inference, an array for each input of the model; None for a reset of all state.
            outputs: how many outputs the model has.
            arena_size: bytes for TFLM's arena.

        Returns:
            For each inference (not for resets), all outputs.

        Raises:
            TflmRefused: with TFLM's own words.
            TflmDied: names the signal.
        """
        connection = self._connect()
        self._log.seek(0)
        self._log.truncate()
        connection.send((model, [None if inputs is None else list(inputs) for inputs in batches], outputs, arena_size))
        if not connection.poll(TIMEOUT_SECONDS):
            self._stop()
            raise TflmDied(f"no answer after {TIMEOUT_SECONDS:.0f} s")
        verdict, answer = connection.recv()
        if verdict == "refused":
            raise TflmRefused(f"{answer}\n{self._log_tail()}")
        if verdict == "died":
            raise TflmDied(f"{signal.Signals(answer).name}\n{self._log_tail()}")
        results: list[list[npt.NDArray[Any]]] = answer
        return results

    def close(self) -> None:
        """Ends the process."""
        self._stop()
        self._log.close()

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection, theirs = multiprocessing.Pipe()
            worker = Path(__file__).with_name("tflm_worker.py")
            self._process = subprocess.Popen(
                [sys.executable, str(worker), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
            theirs.close()
        return self._connection

    def _stop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _log_tail(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace").strip()[-LOG_TAIL:]
