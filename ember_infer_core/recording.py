"""A backend that keeps every tensor, time and use of scratch of another backend's runs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import override

from ember_infer_core.backend import KernelBackend
from ember_infer_core.composition import ComposedBackend, over
from ember_infer_core.dispatch import DispatchExecutable
from ember_infer_core.slots import AnyArray, ByteArray, OperatorParams, Role, bound

if TYPE_CHECKING:
    from ember_infer_core.executable import Executable
    from ember_infer_core.program import Call, Program

__all__ = ["LayerRecord", "RecordedRun", "RecordingBackend"]


@dataclass(frozen=True, slots=True, eq=False)
class LayerRecord:
    """One kernel call.

    Attributes:
        layer: the layer's name; the operator's where the kernel was called without a program.
        operator: name of the method of :class:`KernelBackend`.
        inputs, outputs: copies of the activations that the kernel met, by field name of its parameters. A state is in
            both, as it was before the call and after it.
        seconds: time in the kernel. The first run of an executable includes what kernels prepare once.
        scratch_asked: bytes of scratch that the backend's class asks for in this call.
        scratch_used: bytes up to the last one that the kernel changed, of all that it was given.
        call: the call of the program; None where the kernel was called without one.
    """

    layer: str
    operator: str
    inputs: Mapping[str, AnyArray]
    outputs: Mapping[str, AnyArray]
    seconds: float
    scratch_asked: int
    scratch_used: int
    call: Call | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RecordedRun:
    """The kernel calls of one run of one executable, in order; up to the one that failed, if one did."""

    program: str
    layers: tuple[LayerRecord, ...]

    def __getitem__(self, layer: str) -> LayerRecord:
        """The record of a layer, by its name."""
        for record in self.layers:
            if record.layer == layer:
                return record
        raise KeyError(f"{layer!r} is none of {', '.join(record.layer for record in self.layers)}")


class RecordingBackend(ComposedBackend):
    """Runs another backend's kernels call by call, and keeps what they read and wrote, how long each took, and how much
    scratch it used.

    ::

        recording = RecordingBackend(RefBackend())
        SineModel.predict_quantized(recording, x, y)
        for layer in recording.last.layers:
            print(layer.layer, layer.seconds, layer.scratch_used, layer.outputs["output"])

    An executable records a run in a list of its own and publishes it here when it ends, so that many threads may run at
    once. Machine code that the inner backend would make of a whole program is not used: its kernels are called.

    Args:
        inner: the backend whose kernels run.
        keep: how many runs are kept; older ones are dropped.

    Raises:
        TypeError: ``inner`` is no KernelBackend.
        ValueError: ``keep`` is below 1.
    """

    def __new__(cls, inner: KernelBackend, keep: int = 1) -> RecordingBackend:
        """An instance of the subclass whose scratch sizes are those of the inner backend's class."""
        made = over(cls, (type(inner),))
        instance: RecordingBackend = super().__new__(made)
        return instance

    def __init__(self, inner: KernelBackend, keep: int = 1) -> None:
        if not isinstance(inner, KernelBackend):
            raise TypeError(f"RecordingBackend takes an instance of a KernelBackend, not {inner!r}")
        if keep < 1:
            raise ValueError(f"keep must be 1 or more, not {keep}")
        self._inner = inner
        self._runs: deque[RecordedRun] = deque(maxlen=keep)

    @classmethod
    def over(cls, inner: type[KernelBackend]) -> type[RecordingBackend]:
        """The class of instances that record instances of this class: for ``scratch_len[...]``."""
        return over(cls, (inner,))

    @property
    def inner(self) -> KernelBackend:
        """The backend whose kernels run."""
        return self._inner

    @property
    def runs(self) -> tuple[RecordedRun, ...]:
        """The runs that are kept, from the oldest to the newest."""
        return tuple(self._runs)

    @property
    def last(self) -> RecordedRun:
        """The newest run.

        Raises:
            LookupError: nothing has run since the start or the last :meth:`clear`.
        """
        try:
            return self._runs[-1]
        except IndexError:
            raise LookupError(f"{self!r} has recorded nothing yet") from None

    def clear(self) -> None:
        """Drops all runs."""
        self._runs.clear()

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._inner!r}, keep={self._runs.maxlen})"

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__mro__[1], (self._inner, self._runs.maxlen)  # the class is made anew; a copy has no runs

    @override
    def compile(self, program: Program) -> Executable:
        """An executable that records each of its runs.

        Raises:
            UnsupportedOperator: lists every layer whose operator the inner backend does not have.
        """
        self._inner.check_operators(program)
        return _RecordingExecutable(self, program)

    @override
    def run_operator(self, operator: str, params: OperatorParams) -> None:
        """By the inner backend, recorded."""
        self._publish(RecordedRun("", (_recorded(self._inner, operator, params),)))

    def _publish(self, run: RecordedRun) -> None:
        self._runs.append(run)


class _RecordingExecutable:
    """Dispatches to a recorder of its own, which keeps as many calls as a run has, and names them when the run ends."""

    def __init__(self, backend: RecordingBackend, program: Program) -> None:
        self._backend = backend
        self._program = program
        self._recorder = RecordingBackend(backend.inner, keep=max(1, len(program.calls)))
        self._executable = DispatchExecutable(self._recorder, program)
        self.inputs: tuple[AnyArray, ...] = self._executable.inputs
        self.outputs: tuple[AnyArray, ...] = self._executable.outputs
        self.scratch_len: int = self._executable.scratch_len

    def start(self) -> None:
        """See :meth:`ember_infer_core.KeepsState.start`."""
        self._executable.start()

    def save_state(self) -> tuple[AnyArray, ...]:
        """See :meth:`ember_infer_core.KeepsState.save_state`."""
        return self._executable.save_state()

    def load_state(self, arrays: Sequence[AnyArray]) -> None:
        """See :meth:`ember_infer_core.KeepsState.load_state`."""
        self._executable.load_state(arrays)

    def run(self, scratch: ByteArray | None = None) -> None:
        """See :meth:`ember_infer_core.Executable.run`."""
        try:
            self._executable.run(scratch)
        finally:
            records = [run.layers[0] for run in self._recorder.runs]
            self._recorder.clear()
            if records or not self._program.calls:
                named = zip(records, self._program.calls, strict=False)  # fewer records where a kernel failed
                layers = tuple(replace(record, layer=call.name, call=call) for record, call in named)
                self._backend._publish(RecordedRun(self._program.name, layers))


def _recorded(backend: KernelBackend, operator: str, params: OperatorParams) -> LayerRecord:
    inputs = _copies(params, Role.INPUT, Role.STATE)  # before the call: the output may lie in the same memory
    pattern = _pattern(params.scratch.size)
    if pattern.size:
        params.scratch[...] = pattern
    kernel = getattr(backend, operator)
    start = time.perf_counter()
    kernel(params)
    seconds = time.perf_counter() - start
    touched = np.flatnonzero(params.scratch != pattern)
    return LayerRecord(
        layer=operator,
        operator=operator,
        inputs=inputs,
        outputs=_copies(params, Role.OUTPUT, Role.STATE),
        seconds=seconds,
        scratch_asked=type(backend).scratch_size(params),
        scratch_used=int(touched[-1]) + 1 if touched.size else 0,
    )


def _copies(params: OperatorParams, *roles: Role) -> dict[str, AnyArray]:
    return {name: np.array(array) for name, array in bound(params, *roles).items()}


def _pattern(length: int) -> ByteArray:
    """Bytes that a kernel hardly writes by chance: no constant, no ramp."""
    return (np.arange(length, dtype=np.uint64) * 2654435761 >> 13).astype(np.uint8)
