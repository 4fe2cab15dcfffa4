"""What the generated methods call: executables for backends and threads, checks of the caller's arrays, sessions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import InvalidShape, ScratchTooSmall
from ember_infer_core.executable import PredictsDirectly, RunsBatches
from ember_infer_core.slots import AnyArray, ByteArray, no_scratch
from ember_infer_macros.ports import Port, ports

if TYPE_CHECKING:
    from ember_infer_core.executable import Executable, Run
    from ember_infer_core.program import Program

__all__ = ["Runtime", "ScratchLengths", "Session"]

T = TypeVar("T")

# Executables kept for each thread: a program that makes a backend for every call must not collect arenas without end.
_KEPT_BACKENDS = 8


class Session:
    """A model bound to a backend, with buffers of its own. For one thread at a time.

    Attributes:
        inputs: arrays in the model's types and shapes; fill them before :meth:`run`, which leaves them as they are.
        outputs: arrays in the model's types and shapes; valid until the next :meth:`run`.
        run: computes the outputs from the inputs; ``run(scratch)`` does it in scratch memory (uint8) of yours.
    """

    __slots__ = ("inputs", "outputs", "run")

    def __init__(self, executable: Executable) -> None:
        self.inputs: tuple[AnyArray, ...] = executable.inputs
        self.outputs: tuple[AnyArray, ...] = executable.outputs
        self.run: Run = executable.run  # bound once: nothing stands between a caller and the kernels

    @property
    def input(self) -> AnyArray:
        """The only (or first) input."""
        return self.inputs[0]

    @property
    def output(self) -> AnyArray:
        """The only (or first) output."""
        return self.outputs[0]

    def __repr__(self) -> str:
        shapes = " -> ".join(", ".join(str(a.shape) for a in arrays) for arrays in (self.inputs, self.outputs))
        return f"<Session {shapes}>"


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

    def pick(self, role: str, values: Sequence[T], index: int) -> T:
        """One of the values that the model's inputs or outputs (``role``) have."""
        try:
            return values[index]
        except IndexError:
            count = f"{len(values)} {role}{'' if len(values) == 1 else 's'}"
            raise IndexError(f"{self.program.name} has {count}: there is no {role} {index}") from None

    def executable(self, backend: KernelBackend) -> Executable:
        """This thread's executable for a backend; compiled at the first use."""
        kept = self.per_thread.executables
        key = id(backend)  # the entry holds the backend, so the number stays its own
        entry = kept.get(key)
        if entry is not None:
            return entry[1]
        executable = self.compile(backend)
        kept[key] = backend, executable
        if isinstance(executable, PredictsDirectly):
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
        return backend.compile(self.program)

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
            for other in range(position):
                if np.may_share_memory(array, checked[other]):
                    raise InvalidShape(f"{self.outputs[position].role} overlaps {self.outputs[other].role}")
        return checked

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
        executable = self.executable(backend)
        self.load(executable, inputs)
        executable.run()
        self.store(executable, outputs)

    def predict(self, backend: KernelBackend, real: Any) -> Any:
        """See :meth:`QuantizedModel.predict`."""
        quantized = []
        for values, port in self._pairs(real, self.inputs):  # a comprehension would be a frame that a warning counts
            quantized.append(port.from_real(values))
        executable = self.executable(backend)
        self.load(executable, quantized)
        executable.run()
        results = tuple(port.dequantize(buffer) for buffer, port in zip(executable.outputs, self.outputs, strict=True))
        if len(results) > 1:
            return results
        plain = len(self.inputs) == 1 and np.ndim(real) == 0 and results[0].size == 1
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
        executable = self.executable(backend)
        results = tuple(np.empty((runs, *port.shape), port.dtype) for port in self.outputs)
        if isinstance(executable, RunsBatches):
            executable.run_batch([np.ascontiguousarray(rows) for rows, _ in batches], results)
        else:
            _run_one_by_one(executable, [rows for rows, _ in batches], results)
        flat = tuple(_merge_batch(result, port, whole) for result, port in zip(results, self.outputs, strict=True))
        return flat if len(flat) > 1 else flat[0]

    def _pairs(self, arrays: Any, ports: tuple[Port, ...]) -> list[tuple[Any, Port]]:
        if len(ports) == 1:
            if isinstance(arrays, tuple | list) and len(arrays) == 1 and isinstance(arrays[0], np.ndarray):
                arrays = arrays[0]
            return [(arrays, ports[0])]
        if isinstance(arrays, np.ndarray) or not isinstance(arrays, Sequence) or len(arrays) != len(ports):
            kind = ports[0].role.split()[0]
            raise InvalidShape(f"the model has {len(ports)} {kind}s: a sequence of as many arrays is wanted")
        return list(zip(arrays, ports, strict=True))


def _run_one_by_one(executable: Executable, batches: Sequence[AnyArray], results: Sequence[AnyArray]) -> None:
    for run in range(len(results[0])):
        for buffer, rows in zip(executable.inputs, batches, strict=True):
            buffer[...] = rows[run]
        executable.run()
        for result, buffer in zip(results, executable.outputs, strict=True):
            result[run] = buffer


class ScratchLengths:
    """``scratch_len[Backend]()``; see :class:`ember_infer_macros.quantized_model.ScratchLen`."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def __getitem__(self, backend: type[KernelBackend]) -> Callable[[], int]:
        if not (isinstance(backend, type) and issubclass(backend, KernelBackend)):
            raise TypeError(f"scratch_len[...] takes a KernelBackend class, not {backend!r}")
        length = self._program.scratch_len(backend)
        return lambda: length

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
