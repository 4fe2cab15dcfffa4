"""A program on a backend, with the memory that an interpreter shows."""

from __future__ import annotations

import numpy as np

from ember_infer_core.backend import KernelBackend
from ember_infer_core.program import Program
from ember_infer_core.slots import AnyArray
from ember_infer_macros.runtime import Runtime
from ember_infer_macros.session import Session

__all__ = ["Running"]


class Running:
    """Inputs to fill, outputs to read, and what computes the one from the other. For one thread at a time.

    Attributes:
        inputs, outputs: arrays in the model's types, which stay the same ones. Where there are several samples, along
            the first axis of each.
    """

    def __init__(self, program: Program, backend: KernelBackend, samples: int = 1) -> None:
        self._backend = backend
        self._runtime = runtime = Runtime(program)
        self._session: Session | None = None
        self.inputs: tuple[AnyArray, ...]
        self.outputs: tuple[AnyArray, ...]
        if samples == 1:
            self._session = runtime.bind(backend)
            self.inputs, self.outputs = self._session.inputs, self._session.outputs
        else:
            self.inputs, self.outputs = (
                tuple(np.zeros((samples * port.shape[0], *port.shape[1:]), port.dtype) for port in ports)
                for ports in (runtime.inputs, runtime.outputs)
            )

    def run(self) -> None:
        """Computes the outputs; of several samples each for itself."""
        if self._session is not None:
            self._session.run()
            return
        results = self._runtime.predict_batch(self._backend, self.inputs)
        for buffer, result in zip(self.outputs, results if len(self.outputs) > 1 else (results,), strict=True):
            buffer[...] = result

    def reset(self) -> None:
        """Forgets all runs."""
        if self._session is not None:
            self._session.reset()
