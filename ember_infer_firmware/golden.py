"""Golden vectors: samples, and what RefBackend answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import KernelError
from ember_infer_core.quantization import QuantParam, integer_range
from ember_infer_core.samples import Inputs, checked_inputs, random_inputs
from ember_infer_core.slots import AnyArray
from ember_infer_core.state import KeepsState
from ember_infer_ref import RefBackend

if TYPE_CHECKING:
    from ember_infer_core.program import Program

_ATTEMPTS = 6  # at samples whose answers differ, where those of plain random ones hardly do
_HELD = 8  # steps of a stream that the same input stays for, at most: it takes some for the state to follow

__all__ = ["Golden", "golden_vectors", "samples_of"]


@dataclass(frozen=True, slots=True)
class Golden:
    """Samples and their answers; those of a model with state are one sequence from its reset on.

    Attributes:
        inputs, outputs: for each of the model's, ``(samples, *shape)``.
        state: what the variables hold at the end.
    """

    inputs: tuple[AnyArray, ...]
    outputs: tuple[AnyArray, ...]
    state: tuple[AnyArray, ...] = ()

    def __len__(self) -> int:
        return len(self.outputs[0]) if self.outputs else 0

    @property
    def distinct(self) -> int:
        """How many of the answers are different ones: 1 proves little, since nearly any mistake may lead there too."""
        return len({tuple(rows[number].tobytes() for rows in self.outputs) for number in range(len(self))})


def samples_of(program: Program, given: Inputs | None, count: int, seed: int = 0) -> list[AnyArray]:
    """For each input all of the given samples; where they are fewer than ``count``, random ones after them.

    What is given to a model with state is one sequence, which random ones would follow as noise: there are none.

    Raises:
        ComparisonError: what is given does not fit the model.
    """
    if given is None:
        return _moving_samples(program, count, seed)
    real = checked_inputs(given, program)
    missing = count - (len(real[0]) if real else 0)
    if program.variables or missing <= 0:
        return real
    random = _moving_samples(program, missing, seed)
    return [np.concatenate(parts) for parts in zip(real, random, strict=True)]


def _moving_samples(program: Program, count: int, seed: int) -> list[AnyArray]:
    """Random samples; of some models, which answer noise always the same, those of a few kinds that move them most."""
    plain = random_inputs(program, count, seed)
    best, most = plain, golden_vectors(program, plain).distinct
    for attempt in range(_ATTEMPTS):
        if 4 * most >= count or not plain:
            break
        random = np.random.default_rng((seed, attempt))
        samples = _varied_samples(program, plain, random)
        if (distinct := golden_vectors(program, samples).distinct) > most:
            best, most = samples, distinct
    return best


def _varied_samples(program: Program, plain: Sequence[AnyArray], random: np.random.Generator) -> list[AnyArray]:
    """Each sample a level or the zero point, with more or less noise on some of its elements; streams hold theirs."""
    count = len(plain[0])
    numbers = np.arange(count)
    if program.variables:
        numbers = np.repeat(numbers, random.integers(1, _HELD, count, endpoint=True))[:count]
    share, flat = random.uniform(0, 1, count) ** 2, random.integers(0, 2, count).astype(np.bool_)
    found = []
    for index, rows in zip(program.inputs, plain, strict=True):
        tensor = program.tensors[index]
        each = (count, *(1 for _ in tensor.shape))
        rest = np.zeros(each, tensor.dtype)
        if isinstance(tensor.quant, QuantParam) and tensor.dtype.kind in "iu":
            low, high = integer_range(tensor.dtype)
            rest[...] = min(max(tensor.quant.zero_point, low), high)
        level = np.where(flat.reshape(each), rows.reshape(count, -1)[:, :1].reshape(each), rest) if rows.size else rest
        noisy = np.where(random.random(rows.shape) < share.reshape(each), rows, level)
        found.append(noisy[numbers])
    return found


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
    state = executable.save_state() if isinstance(executable, KeepsState) else ()
    return Golden(tuple(rows[kept] for rows in samples), tuple(outputs), state)
