"""What the generated methods call: executables for backends and threads, checks of the caller's arrays."""

from __future__ import annotations

import functools
import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

import numpy as np
from typing_extensions import override

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import InvalidShape, KernelError, ScratchTooSmall, listed
from ember_infer_core.executable import PredictsDirectly, RunsBatches
from ember_infer_core.slots import AnyArray, ByteArray, no_scratch
from ember_infer_core.state import KeepsState
from ember_infer_macros.ports import Port, ports
from ember_infer_macros.session import Session

if TYPE_CHECKING:
    from ember_infer_core.executable import Executable
    from ember_infer_core.program import Program

__all__ = ["Runtime", "ScratchLengths"]

T = TypeVar("T")

# Executables kept for each thread: a program that makes a backend for every call must not collect arenas without end.
_KEPT_BACKENDS = 8


class _PerThread(threading.local):
    """Executables by the backend's identity, and the quick way in of those that have one."""

    def __init__(self) -> None:
        self.direct: dict[int, Callable[..., bool]] = {}
        self.executables: OrderedDict[int, tuple[KernelBackend, Executable]] = OrderedDict()


class Runtime:
    """Runs one program on any backend, from any thread."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.inputs: tuple[Port, ...] = ports(program, program.inputs, "input")
        self.outputs: tuple[Port, ...] = ports(program, program.outputs, "output")
        self.per_thread: _PerThread = _PerThread()
        self._stateful = bool(program.variables)

    def pick(self, role: str, values: Sequence[T], index: int) -> T:
        """One of the values that the model's inputs or outputs (``role``) have."""
        try:
            return values[index]
        except IndexError:
            count = f"{len(values)} {role}{'' if len(values) == 1 else 's'}"
            raise IndexError(f"{self.program.name} has {count}: there is no {role} {index}") from None

    def fresh_executable(self, backend: KernelBackend) -> Executable:
        """This thread's executable for a backend, its variables at their initial content; compiled at the first use.

        Raises:
            KernelError: the first run of this program ends before there is an answer.
        """
        if self.program.ends_early:
            raise KernelError(
                f"{self.program.name}: one sample has no answer, since CIRCULAR_BUFFER waits for more of them: use "
                "bind() or predict_sequence()"
            )
        executable = self._kept(backend)
        self._start(executable)
        return executable

    def _start(self, executable: Executable) -> None:
        """Gives its variables their initial content."""
        if self._stateful:
            cast("KeepsState", executable).start()  # compile() saw to it

    def _kept(self, backend: KernelBackend) -> Executable:
        kept = self.per_thread.executables
        key = id(backend)  # the entry holds the backend, so the number stays its own
        entry = kept.get(key)
        if entry is not None:
            return entry[1]
        executable = self.compile(backend)
        kept[key] = backend, executable
        if isinstance(executable, PredictsDirectly) and not self._stateful:
            self.per_thread.direct[key] = executable.predict
        if len(kept) > _KEPT_BACKENDS:
            oldest, _ = kept.popitem(last=False)
            self.per_thread.direct.pop(oldest, None)
        return executable

    def compile(self, backend: KernelBackend) -> Executable:
        """A new executable."""
        if not isinstance(backend, KernelBackend):
            hint = f"; did you mean {backend.__name__}()?" if isinstance(backend, type) else ""
            raise TypeError(f"backend must be an instance of a KernelBackend, not {backend!r}{hint}")
        executable = backend.compile(self.program)
        if self._stateful and not isinstance(executable, KeepsState):
            raise TypeError(
                f"{self.program.name} keeps state, and what {type(backend).__name__}.compile() gives does not: it "
                "needs start(), save_state() and load_state() (ember_infer_core.KeepsState)"
            )
        return executable

    def bind(self, backend: KernelBackend) -> Session:
        """See :meth:`QuantizedModel.bind`."""
        return Session(self.program, functools.partial(self.compile, backend))

    def load(self, executable: Executable, arrays: Sequence[AnyArray]) -> None:
        """Copies checked arrays into the inputs."""
        for buffer, array, port in zip(executable.inputs, arrays, self.inputs, strict=True):
            buffer[...] = array if array.shape == port.shape else array.reshape(port.shape)

    def store(self, executable: Executable, arrays: Sequence[AnyArray]) -> None:
        """Copies the outputs into checked arrays."""
        for buffer, array, port in zip(executable.outputs, arrays, self.outputs, strict=True):
            target = array if array.shape == port.shape else array.reshape(port.shape)
            target[...] = buffer

    def check_inputs(self, arrays: Any) -> tuple[AnyArray, ...]:
        """The caller's input or inputs, as a checked tuple."""
        return tuple([port.checked(array) for array, port in self._pairs(arrays, self.inputs)])

    def check_outputs(self, arrays: Any) -> tuple[AnyArray, ...]:
        """The caller's output or outputs, as a checked tuple of writable arrays that do not overlap each other."""
        checked = tuple([port.checked(array) for array, port in self._pairs(arrays, self.outputs)])
        for position, array in enumerate(checked):
            if not array.flags.writeable:
                raise InvalidShape(f"{self.outputs[position].role}: the array is read-only")
        if len(checked) > 1:
            self._check_apart(checked)
        return checked

    def _check_apart(self, outputs: Sequence[AnyArray]) -> None:
        """Checks that contiguous arrays do not overlap: of neighbours in memory, for there may be many arrays."""
        places = sorted((array.ctypes.data, position) for position, array in enumerate(outputs) if array.size)
        for (start, position), (next_start, next_position) in itertools.pairwise(places):
            if start + outputs[position].nbytes > next_start:
                first, second = sorted((position, next_position))
                raise InvalidShape(f"{self.outputs[second].role} overlaps {self.outputs[first].role}")

    def check_scratch(self, backend: KernelBackend, scratch: Any) -> ByteArray:
        """The caller's scratch as a uint8 array that is long enough."""
        array = _as_bytes(scratch)
        needed = self.program.scratch_len(type(backend))
        if array.size < needed:
            raise ScratchTooSmall(needed, array.size, self.program.name)
        return array

    def predict_quantized(self, backend: KernelBackend, input: Any, output: Any) -> None:
        """See :meth:`QuantizedModel.predict_quantized`; for arrays of any kind."""
        inputs = self.check_inputs(input)
        outputs = self.check_outputs(output)
        executable = self.fresh_executable(backend)
        self.load(executable, inputs)
        executable.run()
        self.store(executable, outputs)

    def predict(self, backend: KernelBackend, real: Any) -> Any:
        """See :meth:`QuantizedModel.predict`."""
        quantized = []
        pairs = self._pairs(real, self.inputs)
        for values, port in pairs:  # a comprehension would be a frame that a warning counts
            quantized.append(port.from_real(values))
        executable = self.fresh_executable(backend)
        self.load(executable, quantized)
        executable.run()
        results = tuple(port.dequantize(buffer) for buffer, port in zip(executable.outputs, self.outputs, strict=True))
        if len(results) > 1:
            return results
        plain = len(pairs) == 1 and np.ndim(pairs[0][0]) == 0 and results[0].size == 1
        return results[0].reshape(()) if plain else results[0]

    def predict_batch(self, backend: KernelBackend, inputs: Any) -> Any:
        """See :meth:`QuantizedModel.predict_batch`."""
        pairs = self._pairs(inputs, self.inputs)
        batches = [port.rows(array) for array, port in pairs]
        counts = {len(rows) for rows, _ in batches}
        if len(counts) != 1:
            raise InvalidShape(f"the inputs hold different numbers of samples: {sorted(counts)}")
        runs = counts.pop()
        whole = any(is_whole for _, is_whole in batches)
        executable = self.fresh_executable(backend)
        results = tuple(np.empty((runs, *port.shape), port.dtype) for port in self.outputs)
        if isinstance(executable, RunsBatches):
            executable.run_batch([np.ascontiguousarray(rows) for rows, _ in batches], results)
        else:
            for run in range(runs):
                self._start(executable)
                _run_row(executable, [rows for rows, _ in batches], results, run)
        flat = tuple(_merge_batch(result, port, whole) for result, port in zip(results, self.outputs, strict=True))
        return flat if len(flat) > 1 else flat[0]

    def predict_sequence(self, backend: KernelBackend, inputs: Any) -> Any:
        """See :meth:`QuantizedModel.predict_sequence`."""
        steps = [port.steps(array) for array, port in self._pairs(inputs, self.inputs)]
        counts = {len(rows) for rows in steps}
        if len(counts) != 1:
            raise InvalidShape(f"the inputs hold different numbers of steps: {sorted(counts)}")
        executable = self._kept(backend)
        self._start(executable)
        if self.program.ends_early:
            for buffer in executable.outputs:
                buffer.fill(0)  # until the first answer, and not an earlier sequence's last one
        results = tuple(np.empty((*counts, *port.shape), port.dtype) for port in self.outputs)
        for step in range(*counts):
            _run_row(executable, steps, results, step)
        flat = tuple(_merge_batch(result, port, whole=True) for result, port in zip(results, self.outputs, strict=True))
        return flat if len(flat) > 1 else flat[0]

    def _pairs(self, arrays: Any, ports: tuple[Port, ...]) -> list[tuple[Any, Port]]:
        """The caller's arrays, each with the input or output that it is for."""
        if isinstance(arrays, Mapping):
            arrays = _in_order(arrays, ports)
        elif len(ports) == 1:
            if isinstance(arrays, tuple | list) and len(arrays) == 1 and isinstance(arrays[0], np.ndarray):
                arrays = arrays[0]
            return [(arrays, ports[0])]
        if isinstance(arrays, np.ndarray) or not isinstance(arrays, Sequence) or len(arrays) != len(ports):
            kind = ports[0].role.split()[0]
            raise InvalidShape(f"the model has {len(ports)} {kind}s: a sequence of as many arrays is wanted")
        return list(zip(arrays, ports, strict=True))


def _in_order(arrays: Mapping[Any, Any], ports: Sequence[Port]) -> list[Any]:
    """What is given by names, in the order of the inputs or outputs."""
    names = [port.name for port in ports]
    kind = ports[0].role.split()[0] if ports else "input"
    known = set(names)
    if len(known) < len(names):
        raise InvalidShape(f"two {kind}s of the model have the same name: give a sequence in place of a dict")
    if arrays.keys() != known:
        unknown = [repr(name) for name in arrays if name not in known]
        missing = [repr(name) for name in names if name not in arrays]
        wrong = f"there is no {kind} {listed(unknown)}" if unknown else f"{kind} {listed(missing)} is missing"
        raise InvalidShape(f"{wrong}: the model's {kind}s are {listed([repr(name) for name in names])}")
    return [arrays[name] for name in names]


def _run_row(executable: Executable, inputs: Sequence[AnyArray], results: Sequence[AnyArray], row: int) -> None:
    for buffer, rows in zip(executable.inputs, inputs, strict=True):
        buffer[...] = rows[row]
    executable.run()
    for result, buffer in zip(results, executable.outputs, strict=True):
        result[row] = buffer


class ScratchLengths:
    """``scratch_len[Backend]()``; see :class:`ember_infer_macros.quantized_model.ScratchLen`."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def __getitem__(self, backend: type[KernelBackend]) -> Callable[[], int]:
        if not (isinstance(backend, type) and issubclass(backend, KernelBackend)):
            raise TypeError(f"scratch_len[...] takes a KernelBackend class, not {backend!r}")
        length = self._program.scratch_len(backend)
        return lambda: length

    def __call__(self, *backends: object) -> NoReturn:
        """Says what to write: without a backend there is no answer."""
        raise TypeError("scratch differs between backends: write scratch_len[RefBackend](), with the class of yours")

    @override
    def __repr__(self) -> str:
        return f"<scratch_len of {self._program.name}: use scratch_len[Backend]()>"


def _merge_batch(result: AnyArray, port: Port, whole: bool) -> AnyArray:
    """``(runs, batch, ...)`` to ``(N, ...)``, unless each run is to stay a row."""
    if not port.shape or (whole and port.shape[0] != 1):
        return result
    return result.reshape(len(result) * port.shape[0], *port.shape[1:])


def _as_bytes(scratch: Any) -> ByteArray:
    try:
        view = memoryview(scratch)
    except TypeError:
        raise InvalidShape(f"scratch: writable bytes are wanted, not {type(scratch).__name__}") from None
    if view.readonly or not view.c_contiguous or view.format not in ("B", "b", "c"):
        raise InvalidShape("scratch: contiguous, writable bytes (uint8) are wanted")
    return np.frombuffer(view, np.uint8) if view.nbytes else no_scratch()
