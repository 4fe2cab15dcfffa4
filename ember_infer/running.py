"""A model on a backend, with the memory that an interpreter shows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np

from ember_infer.model_file import ModelFile
from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import KernelError
from ember_infer_core.slots import AnyArray
from ember_infer_macros.runtime import Runtime
from ember_infer_macros.session import Session

__all__ = ["Running", "told_as_runtime_errors"]


class Running:
    """Inputs to fill, outputs to read, and what computes the one from the other. For one thread at a time.

    Args:
        file: the model.
        backend: what computes.
        shown: further tensors that a run is to leave behind.
        samples: how many there are at once.

    Attributes:
        inputs, outputs: arrays in the model's types, which stay the same ones. Where there are several samples, along
            the first axis of each. Behind the model's outputs stands what is shown.
        places: the same by the numbers of the tensors.

    Raises:
        RuntimeError: the backend cannot run the model.
    """

    def __init__(self, file: ModelFile, backend: KernelBackend, shown: tuple[int, ...] = (), samples: int = 1) -> None:
        self._backend = backend
        self._runtime = runtime = Runtime(file.observed(shown))
        self._session: Session | None = None
        self.inputs: tuple[AnyArray, ...]
        self.outputs: tuple[AnyArray, ...]
        if samples == 1:
            with told_as_runtime_errors():
                self._session = runtime.bind(backend)
            self.inputs, self.outputs = self._session.inputs, self._session.outputs
        else:
            self.inputs, self.outputs = (
                tuple(np.zeros((samples * port.shape[0], *port.shape[1:]), port.dtype) for port in ports)
                for ports in (runtime.inputs, runtime.outputs)
            )
        graph = file.graph
        self.places: dict[int, AnyArray] = dict(zip((*graph.outputs, *shown), self.outputs, strict=True))
        self.places |= zip(graph.inputs, self.inputs, strict=True)

    def run(self) -> None:
        """Computes the outputs; of several samples each for itself.

        Raises:
            RuntimeError: this input has no answer.
        """
        try:  # in plain: of a small model a context manager would take as long as the run
            if self._session is not None:
                self._session.run()
                return
            results = self._runtime.predict_batch(self._backend, self.inputs)
        except KernelError as error:
            raise RuntimeError(str(error)) from error
        for buffer, result in zip(self.outputs, results if len(self.outputs) > 1 else (results,), strict=True):
            buffer[...] = result

    def reset(self) -> None:
        """Forgets all runs."""
        if self._session is not None:
            self._session.reset()


@contextlib.contextmanager
def told_as_runtime_errors() -> Iterator[None]:
    """What a backend cannot do, in the type that scripts for other interpreters catch."""
    try:
        yield
    except KernelError as error:
        raise RuntimeError(str(error)) from error
