"""Who answers: a backend or another runtime, on one of the models; described, and opened where it is to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import ComparisonError
from ember_infer_core.slots import AnyArray
from ember_infer_macros import QuantizedModel
from ember_infer_tools.compare.interpreters import RUNTIMES, InterpreterProcess, tflm_arena_size
from ember_infer_tools.compare.rewrite import ModelFile
from ember_infer_tools.evaluate.errors import EvaluationError
from ember_infer_tools.evaluate.models import ModelBytes
from ember_infer_tools.specs import SHORT_NAMES, full_name, load_backend

__all__ = ["OpenSide", "SideSpec", "open_side"]

_AT_ONCE = 64  # samples for each request to another runtime, which has a time limit for each answer
_MODEL = "the model"


@dataclass(frozen=True, slots=True)
class SideSpec:
    """One side, as it is sent to whoever opens it.

    Attributes:
        name: for reports.
        runs: a backend or its name, or the name of another runtime.
        model: number of the model that it runs.
    """

    name: str
    runs: str | KernelBackend
    model: int


class OpenSide(Protocol):
    """A side that is ready. For one thread at a time."""

    def run(self, inputs: Sequence[AnyArray]) -> list[AnyArray]:
        """All outputs, a row for each sample.

        Raises:
            KernelError, ComparisonError: a sample has no answer.
        """
        ...

    def close(self) -> None:
        """Ends what it has started."""
        ...


def open_side(spec: SideSpec, model: ModelBytes) -> OpenSide:
    """Opens a side.

    Raises:
        ComparisonError: the runtime is not there, or refuses the model.
        KernelError: the backend cannot run it.
        ValueError: there is no such backend.
    """
    if isinstance(spec.runs, str) and spec.runs in RUNTIMES:
        return _Runtime(spec.runs, model)
    backend = spec.runs
    if isinstance(backend, str):
        backend = load_backend(_on_one_thread(backend), (*RUNTIMES, "another model.tflite"))
    return _Backend(backend, model.loaded)


def _on_one_thread(spec: str) -> str:
    """A backend by name: pieces run side by side already."""
    native = full_name(spec).partition(",")[0] == SHORT_NAMES["native"]
    return f"{spec},threads=1" if native and "threads=" not in spec else spec


class _Backend:
    """A backend of this project's contract."""

    def __init__(self, backend: KernelBackend, model: type[QuantizedModel]) -> None:
        self._backend = backend
        self._model = model
        model.bind(backend)  # a model that it cannot run at all is no fault of a sample

    def run(self, inputs: Sequence[AnyArray]) -> list[AnyArray]:
        """See :class:`OpenSide`."""
        given = inputs[0] if len(inputs) == 1 else list(inputs)
        found = self._model.predict_batch(self._backend, given)
        outputs = found if isinstance(found, tuple) else (found,)
        return [np.asarray(output).reshape(len(inputs[0]), -1) for output in outputs]

    def close(self) -> None:
        """See :class:`OpenSide`."""


class _Runtime:
    """Another runtime's interpreter, in a process of its own."""

    def __init__(self, kind: str, model: ModelBytes) -> None:
        if model.loaded.is_stateful:
            raise EvaluationError(f"{kind} keeps state from sample to sample: evaluate this model on backends")
        content = model.content
        if kind == "litert":
            file = ModelFile(content)
            file.repair()
            content = file.plain()
        self._lengths = [port.length for port in model.outputs]
        self._process = InterpreterProcess(RUNTIMES[kind])
        try:
            self._process.load(_MODEL, content, len(self._lengths), tflm_arena_size(model.loaded.program))
        except ComparisonError:
            self._process.close()
            raise

    def run(self, inputs: Sequence[AnyArray]) -> list[AnyArray]:
        """See :class:`OpenSide`."""
        count = len(inputs[0])
        parts = [
            self._process.run_batch(_MODEL, [array[first : first + _AT_ONCE] for array in inputs])
            for first in range(0, count, _AT_ONCE)
        ]
        return [
            np.concatenate([part[index].reshape(-1, length) for part in parts])
            for index, length in enumerate(self._lengths)
        ]

    def close(self) -> None:
        """See :class:`OpenSide`."""
        self._process.close()
