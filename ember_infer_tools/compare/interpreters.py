"""Other runtimes' interpreters, in a process of their own: on some models they stop it by signal."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.errors import ComparisonError
from ember_infer_core.program import Program

__all__ = ["RUNTIMES", "InterpreterProcess", "OtherRuntime", "tflm_arena_size"]

TIMEOUT_SECONDS = 120.0
_LOG_TAIL = 1000
_ARENA_MARGIN = 4 << 20


@dataclass(frozen=True, slots=True)
class OtherRuntime:
    """A runtime whose wheel may be installed: how it is called, imported and installed."""

    kind: str
    title: str
    module: str
    distribution: str

    def check_installed(self) -> None:
        """Raises:
        ComparisonError: the wheel is not there; the message says how to get it.
        """
        if importlib.util.find_spec(self.module) is None:
            raise ComparisonError(f"{self.kind} is not installed: pip install 'ember-infer[{self.kind}]'")

    def describe(self) -> str:
        """Its name and version."""
        return f"{self.title} {importlib.metadata.version(self.distribution)}"


RUNTIMES = {
    "tflm": OtherRuntime("tflm", "TensorFlow Lite Micro", "tflite_micro", "tflite-micro"),
    "litert": OtherRuntime("litert", "LiteRT", "ai_edge_litert", "ai-edge-litert"),
}


def tflm_arena_size(program: Program) -> int:
    """Bytes that suffice for TensorFlow Lite Micro's arena."""
    return 2 * sum(tensor.size for tensor in program.tensors if tensor.data is None) + _ARENA_MARGIN


class InterpreterProcess:
    """Keeps interpreters of one runtime, each under a key. For one thread at a time."""

    def __init__(self, runtime: OtherRuntime) -> None:
        runtime.check_installed()
        self._title = runtime.title
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("interpreter_worker.py")), runtime.kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONSAFEPATH": "1"},  # or the worker's folder would be searched for modules
        )

    def load(self, key: str, model: bytes, outputs: int, arena_size: int) -> None:
        """Makes an interpreter of a model.

        Args:
            key: what the model is, in words: for :meth:`run` and for messages.
            model: content of a .tflite file.
            outputs: how many outputs it has.
            arena_size: bytes of TensorFlow Lite Micro's arena.

        Raises:
            ComparisonError: in the runtime's own words.
        """
        self._ask("load", key, model, outputs, arena_size)

    def run(self, key: str, inputs: Sequence[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """All outputs of one inference.

        Raises:
            ComparisonError: in the runtime's own words.
        """
        return self._ask("run", key, list(inputs))

    def run_batch(self, key: str, inputs: Sequence[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """All outputs of one inference for each row of the inputs, with a row for each.

        Raises:
            ComparisonError: in the runtime's own words.
        """
        return self._ask("batch", key, [np.ascontiguousarray(array) for array in inputs])

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                stream.close()

    def _ask(self, verb: str, key: str, *arguments: Any) -> list[npt.NDArray[Any]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        timer = threading.Timer(TIMEOUT_SECONDS, self._process.kill)
        timer.daemon = True  # Ctrl-C may come before the next line has ended: nobody waits for it then
        timer.start()
        try:
            pickle.dump((verb, key, *arguments), self._process.stdin)
            self._process.stdin.flush()
            verdict, answer = pickle.load(self._process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            raise ComparisonError(f"{self._title}, given {key}, {self._end()}{self._log_tail()}") from None
        finally:
            timer.cancel()
        if verdict == "refused":
            raise ComparisonError(f"{self._title} refuses {key}: {answer}{self._log_tail()}")
        arrays: list[npt.NDArray[Any]] = answer
        return arrays

    def _end(self) -> str:
        code = self._process.wait()
        if code >= 0:
            return f"ended with status {code}"
        if -code == signal.SIGKILL:
            return f"was stopped by SIGKILL: it has {TIMEOUT_SECONDS:.0f} s for each answer"
        return f"was stopped by {signal.Signals(-code).name}: a fault of its own, whatever the model"

    def _log_tail(self) -> str:
        self._log.seek(0)
        text = self._log.read().decode(errors="replace").strip()[-_LOG_TAIL:]
        return f"; it has said:\n{text}" if text else ""
