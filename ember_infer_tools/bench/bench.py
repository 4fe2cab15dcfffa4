"""A model timed on backends of this project and on other runtimes, in turns, all answers compared first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import ComparisonError
from ember_infer_core.program import Program
from ember_infer_core.recording import RecordingBackend
from ember_infer_core.samples import random_inputs
from ember_infer_core.slots import AnyArray
from ember_infer_macros.tflite.read import ModelSource, read_source
from ember_infer_native.library import NativeExecutable
from ember_infer_ref import RefBackend
from ember_infer_tools.bench.contestants import Contestant, Steps, backend_contestants, litert, model_class, tflm
from ember_infer_tools.bench.layers import LayerTimes, time_layers
from ember_infer_tools.bench.measure import Timing, interleave

__all__ = ["AGAINST", "STEPS", "Bench", "BuiltLibrary", "Measured", "bench", "load_average"]

# Other runtimes, in the order of the report: each makes a contestant of a model file.
AGAINST = {"tflm": tflm, "litert": litert}
STEPS = 64


@dataclass(frozen=True, slots=True)
class Measured:
    """One contestant.

    Attributes:
        name: as reports call it.
        how: what one call does.
        seconds: for one inference, the median over turns.
        least: the same, of the best turn.
        equal: whether its outputs are those of ``Bench.truth``.
        is_backend: of this project's contract; otherwise another runtime, which may well round in another way.
        times_faster: for each other runtime by name, how many times faster this is: the median over turns of ratios.
    """

    name: str
    how: str
    seconds: float
    least: float
    equal: bool
    is_backend: bool
    times_faster: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class BuiltLibrary:
    """What a compiling backend made of the model.

    Attributes:
        backend: as it was named.
        target: the instruction set.
        build_seconds: planning and compiling; 0 where it came from the cache.
        size: bytes of the library.
    """

    backend: str
    target: str
    build_seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class Bench:
    """What :func:`bench` found.

    Attributes:
        model: its file's name.
        turns: how many each contestant had.
        load: the machine's load average of one minute before and after; None where unknown.
        truth: what all answers were compared with.
        measured: the contestants, in turn.
        libraries: of compiling backends.
        layers: of each backend, if asked for.
        notes: what a reader should know.
        steps: of the sequence that a model with state goes through, so that an inference is one of them; None for a
            model without.
    """

    model: str
    turns: int
    load: tuple[float, float] | None
    truth: str
    measured: tuple[Measured, ...]
    libraries: tuple[BuiltLibrary, ...]
    layers: tuple[LayerTimes, ...]
    notes: tuple[str, ...]
    steps: int | None = None

    def __getitem__(self, name: str) -> Measured:
        """A contestant by its name."""
        for measured in self.measured:
            if measured.name == name:
                return measured
        raise KeyError(f"{name!r} is none of {', '.join(measured.name for measured in self.measured)}")

    @property
    def wrong(self) -> tuple[str, ...]:
        """The backends that answer something else."""
        return tuple(one.name for one in self.measured if one.is_backend and not one.equal)

    def to_json(self) -> dict[str, Any]:
        """Everything, of types that JSON has."""
        return asdict(self)


def bench(
    source: ModelSource,
    backends: Mapping[str, KernelBackend],
    against: Sequence[str] = (),
    *,
    turns: int = 31,
    most_seconds: float = 30.0,
    per_layer: bool = False,
    seed: int = 0,
    steps: int = STEPS,
    leave_out: bool = False,
) -> Bench:
    """Times one inference of a model, every contestant on the same random input and on one thread.

    With a model that keeps state, every contestant goes through the same random sequence, again and again, each in a
    state of its own; what is compared is the first time, from the initial state.

    Args:
        source: a .tflite file.
        backends: what to time, by the name that reports use.
        against: ``"tflm"``, ``"litert"``.
        turns: how many turns of some 20 ms each contestant gets.
        most_seconds: after which there are no more turns, but for five.
        per_layer: whether to time layers, too.
        seed: of the random input.
        steps: of the sequence, for a model with state.
        leave_out: whether another runtime that cannot run the model is left out with a note, in place of an error.

    Raises:
        ModelError: the model cannot be read or is not supported.
        KernelError: a backend cannot run it.
        ComparisonError: another runtime is not installed, or cannot run it.
    """
    name, content = read_source(source)
    model = model_class(source)
    sequence = _steps(model.program, steps, seed)
    others, notes = _others(against, bytes(content), model.program, sequence, leave_out)
    ours = [
        contestant
        for label, backend in backends.items()
        for contestant in backend_contestants(label, backend, model, sequence)
    ]
    truth = others.get("tflm") or backend_contestants("RefBackend", RefBackend(), model, sequence)[0]
    expected = truth.answer()
    contestants = [*others.values(), *ours]
    # Each answers once, before it is timed: later its state is another.
    whole = _whole_runs(model.program, sequence)
    equal = {c.name: c is truth or _same(c.answer(), expected, whole) for c in contestants}
    before = load_average()
    timing = interleave({c.name: c.run for c in contestants}, turns, most_seconds=most_seconds)
    after = load_average()
    references = [other.name for other in others.values()]
    return Bench(
        model=PurePath(name).name,
        turns=len(timing.turns[contestants[0].name]) if contestants else 0,
        load=None if before is None or after is None else (before, after),
        truth=truth.name.partition(",")[0],
        measured=tuple(_measured(contestant, timing, equal, references) for contestant in contestants),
        libraries=tuple(_libraries(backends, model.program)),
        layers=tuple(time_layers(label, b, model.program, sequence[0]) for label, b in backends.items() if per_layer),
        notes=(*notes, *(contestant.note for contestant in contestants if contestant.note)),
        steps=len(sequence) if model.is_stateful else None,
    )


def _steps(program: Program, steps: int, seed: int) -> list[list[AnyArray]]:
    """Random inputs for each step of a sequence; for one step alone where nothing is kept from one to the next."""
    count = steps if program.variables else 1
    arrays = random_inputs(program, count, seed)
    return [[np.ascontiguousarray(samples[step]) for samples in arrays] for step in range(count)]


def _others(
    against: Sequence[str], content: bytes, program: Program, steps: Steps, leave_out: bool
) -> tuple[dict[str, Contestant], list[str]]:
    """The other runtimes, and why some of them are left out."""
    tried = {kind: _other(kind, content, program, steps, leave_out) for kind in against}
    others = {kind: made for kind, made in tried.items() if isinstance(made, Contestant)}
    return others, [note for note in tried.values() if isinstance(note, str)]


def _other(kind: str, content: bytes, program: Program, steps: Steps, leave_out: bool) -> Contestant | str:
    try:
        return AGAINST[kind](content, program, steps)
    except ComparisonError as error:
        if not leave_out:
            raise
        return f"{kind} is left out: {' '.join(str(error).split())}"


def load_average() -> float | None:
    """Processes that want to run, over the last minute; None on systems that do not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _whole_runs(program: Program, steps: Steps) -> list[bool]:
    """Of each step, whether its run comes to its end: most that meet a CIRCULAR_BUFFER do not, and their outputs are
    left from before, or nobody's.
    """
    if not program.ends_early:
        return [True] * len(steps)
    recording = RecordingBackend(RefBackend())
    executable = recording.compile(program)
    found = []
    for inputs in steps:
        for buffer, array in zip(executable.inputs, inputs, strict=True):
            buffer[...] = array
        executable.run()
        found.append(len(recording.last.layers) == len(program.calls))
    return found


def _same(answer: Sequence[AnyArray], expected: Sequence[AnyArray], whole: Sequence[bool]) -> bool:
    """Whether all outputs of the steps with whole runs are equal."""
    each = len(expected) // len(whole)
    pairs = zip(answer, expected, strict=True)
    return all(
        np.array_equal(a.reshape(-1), b.reshape(-1), equal_nan=a.dtype.kind == "f")
        for number, (a, b) in enumerate(pairs)
        if whole[number // each]
    )


def _measured(contestant: Contestant, timing: Timing, equal: Mapping[str, bool], references: Sequence[str]) -> Measured:
    name = contestant.name
    return Measured(
        name=name,
        how=contestant.how,
        seconds=timing.seconds(name),
        least=timing.least(name),
        equal=equal[name],
        is_backend=name not in references,
        times_faster={other: timing.ratio(other, name) for other in references if other != name},
    )


def _libraries(backends: Mapping[str, KernelBackend], program: Program) -> Iterator[BuiltLibrary]:
    for name, backend in backends.items():
        executable = backend.compile(program)
        if isinstance(executable, NativeExecutable):
            library = executable.library
            yield BuiltLibrary(name, library.target, library.build_seconds, library.path.stat().st_size)
