"""A model timed on backends of this project and on other runtimes, in turns, all answers compared first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from ember_infer_core.backend import KernelBackend
from ember_infer_core.program import Program
from ember_infer_core.slots import AnyArray
from ember_infer_macros.tflite.read import ModelSource, read_source
from ember_infer_native.library import NativeExecutable
from ember_infer_ref import RefBackend
from ember_infer_tools.bench.contestants import Contestant, backend_contestants, litert, model_class, tflm
from ember_infer_tools.bench.layers import LayerTimes, time_layers
from ember_infer_tools.bench.measure import Timing, interleave
from ember_infer_tools.compare.inputs import random_inputs

__all__ = ["AGAINST", "Bench", "BuiltLibrary", "Measured", "bench", "load_average"]

# Other runtimes, in the order of the report: each makes a contestant of a model file.
AGAINST = {"tflm": tflm, "litert": litert}


@dataclass(frozen=True, slots=True)
class Measured:
    """One contestant.

    Attributes:
        name: as reports call it.
        how: what one call does.
        seconds: for one inference, the median over turns.
        least: the same, of the best turn.
        equal: whether its outputs are those of :attr:`Bench.truth`.
        times_faster: for each other runtime by name, how many times faster this is: the median over turns of ratios.
    """

    name: str
    how: str
    seconds: float
    least: float
    equal: bool
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
    """

    model: str
    turns: int
    load: tuple[float, float] | None
    truth: str
    measured: tuple[Measured, ...]
    libraries: tuple[BuiltLibrary, ...]
    layers: tuple[LayerTimes, ...]
    notes: tuple[str, ...]

    def __getitem__(self, name: str) -> Measured:
        """A contestant by its name."""
        for measured in self.measured:
            if measured.name == name:
                return measured
        raise KeyError(f"{name!r} is none of {', '.join(measured.name for measured in self.measured)}")

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
) -> Bench:
    """Times one inference of a model, every contestant on the same random input and on one thread.

    Args:
        source: a .tflite file.
        backends: what to time, by the name that reports use.
        against: keys of :data:`AGAINST`.
        turns: how many turns of some 20 ms each contestant gets.
        most_seconds: after which there are no more turns, but for five.
        per_layer: whether to time layers, too.
        seed: of the random input.

    Raises:
        ModelError: the model cannot be read or is not supported.
        KernelError: a backend cannot run it.
        ComparisonError: another runtime is not installed, or cannot run it.
    """
    name, content = read_source(source)
    model = model_class(source)
    inputs = [np.ascontiguousarray(samples[0]) for samples in random_inputs(model.program, 1, seed)]
    others = {kind: AGAINST[kind](bytes(content), model.program, inputs) for kind in against}
    ours = [
        contestant
        for label, backend in backends.items()
        for contestant in backend_contestants(label, backend, model, inputs)
    ]
    truth = others.get("tflm") or backend_contestants("RefBackend", RefBackend(), model, inputs)[0]
    expected = truth.answer()
    contestants = [*others.values(), *ours]
    equal = {contestant.name: _same(contestant.answer(), expected) for contestant in contestants}
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
        layers=tuple(time_layers(label, b, model.program, inputs) for label, b in backends.items() if per_layer),
        notes=tuple(contestant.note for contestant in contestants if contestant.note),
    )


def load_average() -> float | None:
    """Processes that want to run, over the last minute; None on systems that do not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _same(answer: Sequence[AnyArray], expected: Sequence[AnyArray]) -> bool:
    pairs = zip(answer, expected, strict=True)
    return all(np.array_equal(a.reshape(-1), b.reshape(-1), equal_nan=a.dtype.kind == "f") for a, b in pairs)


def _measured(contestant: Contestant, timing: Timing, equal: Mapping[str, bool], references: Sequence[str]) -> Measured:
    name = contestant.name
    return Measured(
        name=name,
        how=contestant.how,
        seconds=timing.seconds(name),
        least=timing.least(name),
        equal=equal[name],
        times_faster={other: timing.ratio(other, name) for other in references if other != name},
    )


def _libraries(backends: Mapping[str, KernelBackend], program: Program) -> Iterator[BuiltLibrary]:
    for name, backend in backends.items():
        executable = backend.compile(program)
        if isinstance(executable, NativeExecutable):
            library = executable.library
            yield BuiltLibrary(name, library.target, library.build_seconds, library.path.stat().st_size)
