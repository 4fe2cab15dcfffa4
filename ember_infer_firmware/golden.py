"""Golden vectors: samples, and what RefBackend answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import KernelError
from ember_infer_core.samples import Inputs, checked_inputs, random_inputs
from ember_infer_core.slots import AnyArray
from ember_infer_core.state import KeepsState
from ember_infer_ref import RefBackend

if TYPE_CHECKING:
    from ember_infer_core.program import Program

__all__ = ["Golden", "golden_vectors", "samples_of"]


@dataclass(frozen=True, slots=True)
class Golden:
    """Samples and their answers; those of a model with state are one sequence from its reset on.

    Attributes:
        inputs, outputs: for each of the model's, ``(samples, *shape)``.
    """

    inputs: tuple[AnyArray, ...]
    outputs: tuple[AnyArray, ...]

    def __len__(self) -> int:
        return len(self.outputs[0]) if self.outputs else 0


def samples_of(program: Program, given: Inputs | None, count: int, seed: int = 0) -> list[AnyArray]:
    """For each input so many samples: as many of the given ones as leave room for some random ones, and these.

    Raises:
        ComparisonError: what is given does not fit the model.
    """
    if given is None:
        return random_inputs(program, count, seed)
    real = [rows[: count - count // 4] for rows in checked_inputs(given, program)]
    random = random_inputs(program, count - (len(real[0]) if real else 0), seed)
    return [np.concatenate(parts) for parts in zip(real, random, strict=True)]


def golden_vectors(program: Program, samples: Sequence[AnyArray]) -> Golden:
    """The answers to samples. One that a layer has no result for is left out; with state, so are all that follow."""
    executable = RefBackend().compile(program)
    if isinstance(executable, KeepsState):
        executable.start()
    for output in executable.outputs:
        output[...] = np.zeros((), output.dtype)
    kept: list[int] = []
    answers: list[list[AnyArray]] = [[] for _ in executable.outputs]
    for number in range(len(samples[0]) if samples else 1):
        for input, rows in zip(executable.inputs, samples, strict=True):
            np.copyto(input, rows[number])
        try:
            executable.run()
        except KernelError:
            if program.variables:
                break
            continue
        kept.append(number)
        for found, output in zip(answers, executable.outputs, strict=True):
            found.append(output.copy())
    outputs = [
        np.stack(found) if found else np.empty((0, *output.shape), output.dtype)
        for found, output in zip(answers, executable.outputs, strict=True)
    ]
    return Golden(tuple(rows[kept] for rows in samples), tuple(outputs))
