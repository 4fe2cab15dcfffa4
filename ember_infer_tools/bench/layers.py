"""Where the time of one inference goes, layer by layer, against what the machine can do at most."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import Protocol, runtime_checkable

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import InternalError, KernelError
from ember_infer_core.program import Call, Program
from ember_infer_core.recording import RecordingBackend
from ember_infer_core.slots import AnyArray, Role, Shape
from ember_infer_tools.bench.peak import Peak, known_targets
from ember_infer_tools.inspect import multiplications
from ember_infer_tools.one_layer import OneLayer

if TYPE_CHECKING:
    from ember_infer_core.executable import Executable

__all__ = ["LayerTime", "LayerTimes", "time_layers"]

_ROUND_SECONDS = 0.005
_MOST_SECONDS = 10.0
_LEAST_ROUNDS = 3
_MOST_RUNS = 10_000


@runtime_checkable
class _TimesLayers(Protocol):
    """An executable that times its layers itself, as ``NativeBackend``'s does."""

    def time_layers(self, repeats: int = ...) -> list[tuple[str, float]]:
        """Each layer's name and seconds."""
        ...


@dataclass(frozen=True, slots=True)
class LayerTime:
    """One layer.

    Attributes:
        layer: its name.
        operator: name of the method of :class:`KernelBackend`.
        shape: of its output.
        seconds: of the best round, for other load on the machine only ever adds to it.
        macs: multiply-accumulates, those with padding included; None for operators that sum no products.
        peak_share: of the machine's peak; None where that or ``macs`` is not known.
    """

    layer: str
    operator: str
    shape: Shape
    seconds: float
    macs: int | None
    peak_share: float | None

    @property
    def macs_per_second(self) -> float | None:
        """Speed; None without ``macs``."""
        return None if self.macs is None else self.macs / max(self.seconds, 1e-12)


@dataclass(frozen=True, slots=True)
class LayerTimes:
    """All layers of a model on one backend.

    Attributes:
        backend: as it was named.
        layers: in the order of execution.
        whole: seconds for one run of everything, of the best round.
        peak: multiply-accumulates a second that the machine's instructions reach, in the best round; None where not
            known.
        peak_target: the instruction set of ``peak``.
    """

    backend: str
    layers: tuple[LayerTime, ...]
    whole: float
    peak: float | None
    peak_target: str | None


def time_layers(
    name: str, backend: KernelBackend, program: Program, inputs: Sequence[AnyArray], rounds: int = 60
) -> LayerTimes:
    """Times every layer some times in a row, so that weights and activations are in the cache as far as they fit.

    An executable that times its layers itself does so; else each layer is compiled and run as a program of its own, on
    what it meets in a run of the model. State is that of the first step and later, and nobody else's.

    Raises:
        KernelError: the backend cannot run the model.
    """
    executable = backend.compile(program)
    for buffer, array in zip(executable.inputs, inputs, strict=True):
        buffer[...] = array
    executable.run()
    target = getattr(backend, "target", None)
    peak = _peak(target) if isinstance(target, str) else None
    measure = executable if isinstance(executable, _TimesLayers) else _OneByOne(backend, program, inputs)
    measure.time_layers(1)
    repeats = max(round(_ROUND_SECONDS / max(_whole(executable, 1), 1e-7)), 1)
    end = time.perf_counter() + _MOST_SECONDS
    measured, wholes, peaks = [], [], []
    for number in range(rounds):
        if number >= _LEAST_ROUNDS and time.perf_counter() > end:
            break
        measured.append([seconds for _, seconds in measure.time_layers(repeats)])
        wholes.append(_whole(executable, repeats))
        if peak:
            peaks.append(peak.rate())
    best = max(peaks, default=None)
    return LayerTimes(
        backend=name,
        layers=tuple(
            _layer_time(program, call, min(seconds), best)
            for call, seconds in zip(program.calls, zip(*measured, strict=True), strict=True)
        ),
        whole=min(wholes),
        peak=best,
        peak_target=target if peak else None,
    )


def _peak(target: str) -> Peak | None:
    if target not in known_targets():
        return None
    try:
        return Peak(target)
    except KernelError:  # no compiler: the model may come from a folder of built ones
        return None


def _layer_time(program: Program, call: Call, seconds: float, peak: float | None) -> LayerTime:
    macs = multiplications(call.params)
    share = None if macs is None or peak is None else macs / max(seconds, 1e-12) / peak
    shape = program.tensors[next(call.tensors(Role.OUTPUT, Role.STATE))].shape
    return LayerTime(call.name, call.method, shape, seconds, macs, share)


def _whole(executable: Executable, repeats: int) -> float:
    run = executable.run
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats


class _OneByOne:
    """Every layer as a program of its own."""

    def __init__(self, backend: KernelBackend, program: Program, inputs: Sequence[AnyArray]) -> None:
        self._layers: list[tuple[str, Executable]] = []
        for call, met in zip(program.calls, _met(backend, program, inputs), strict=True):
            layer = OneLayer(backend, program, call)
            layer.run(met)
            self._layers.append((call.name, layer.executable))

    def time_layers(self, repeats: int = 1) -> list[tuple[str, float]]:
        """Each layer's name and seconds."""
        return [(name, _whole(executable, repeats)) for name, executable in self._layers]


def _met(backend: KernelBackend, program: Program, inputs: Sequence[AnyArray]) -> list[dict[int, AnyArray]]:
    """What each layer reads in the first whole run of the model, by the tensor whose memory it is."""
    recording = RecordingBackend(backend)
    executable = recording.compile(program)
    for buffer, array in zip(executable.inputs, inputs, strict=True):
        buffer[...] = array
    for _ in range(_MOST_RUNS):  # most end early where the model has a CIRCULAR_BUFFER
        executable.run()
        if len(recording.last.layers) == len(program.calls):
            break
    else:
        raise InternalError(f"{program.name}: none of {_MOST_RUNS} runs came to its end")
    return [
        {program.storage(call.operands[slot]): array for slot, array in record.inputs.items()}
        for call, record in zip(program.calls, recording.last.layers, strict=True)
    ]
