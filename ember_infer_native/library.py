"""A generated library, loaded: what its C functions are, and an executable on top of them."""

from __future__ import annotations

import ctypes
import functools
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.dispatch import aligned_bytes
from ember_infer_core.errors import InternalError, InvalidShape, KernelError
from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import AnyArray, ByteArray
from ember_infer_core.state import check_state
from ember_infer_native.numpy_arrays import arrays_are_readable

if TYPE_CHECKING:
    from ember_infer_core.executable import Run
    from ember_infer_core.program import Program

__all__ = ["ABI", "ALIGNMENT", "Library", "NativeExecutable", "default_threads"]

ALIGNMENT = 64  # bytes: a cache line, and the widest vector of any target
ABI = 4  # EMBER_ABI of kernels/exports.h
_LEAST_ROWS = 4  # of a batch for each thread; fewer are not worth one
# A batch is run in pieces; once a piece was done so soon, the next ones have so many times more rows.
_FIRST_ROWS = 2
_MORE_ROWS = 16
_PIECE_SECONDS = 0.02
_EXPORTS = (
    "ember_abi",
    "ember_arena_len",
    "ember_prepare",
    "ember_start_state",
    "ember_load_state",
    "ember_save_state",
    "ember_error",
    "ember_batch",
    "ember_repeat_layer",
    "ember_bind_run",
    "ember_bind_predict",
)


class _Session(ctypes.Structure):
    """``struct session`` of kernels/python_call.h."""

    _fields_ = (
        ("inputs", ctypes.c_void_p),
        ("outputs", ctypes.c_void_p),
        ("arena", ctypes.c_void_p),
        ("error", ctypes.py_object),
        ("array_type", ctypes.c_void_p),
        ("dtypes", ctypes.c_void_p),
    )


class Library:
    """The functions of a generated library. Nothing in it changes: any number of threads may share it.

    Attributes:
        path: of the file.
        target: name of the instruction set.
        build_seconds: what planning and compiling took; 0 where it came from a cache.
        arena_len: bytes of one run's memory.
    """

    def __init__(self, loaded: ctypes.CDLL, target: str, build_seconds: float = 0.0) -> None:
        self.path: Path = Path(loaded._name)
        self.target: str = target
        self.build_seconds: float = build_seconds
        if not all(hasattr(loaded, name) for name in _EXPORTS) or loaded.ember_abi() != ABI:
            raise InternalError(f"{self.path}: not a library of this version of Ember Infer; build it again")
        loaded.ember_arena_len.restype = ctypes.c_int64
        self.arena_len: int = loaded.ember_arena_len()
        loaded.ember_error.restype = ctypes.c_char_p
        self.functions: ctypes.CDLL = loaded
        # By its handle: another process may have cleared the cache meanwhile.
        keeps_gil = ctypes.PyDLL(loaded._name, handle=loaded._handle)
        self._binders = keeps_gil.ember_bind_run, keeps_gil.ember_bind_predict
        for binder in self._binders:
            binder.restype, binder.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.py_object)

    def new_arena(self) -> ByteArray:
        """Memory for one run at a time, made ready."""
        arena = aligned_bytes(self.arena_len, ALIGNMENT)
        self.functions.ember_prepare(_address(arena))
        return arena

    def bind(self, session: ctypes.Structure, owner: object) -> tuple[Any, Any]:
        """The builtins ``run`` and ``predict`` over this session, whose memory ``owner`` keeps."""
        run, predict = (binder(ctypes.addressof(session), owner) for binder in self._binders)
        return run, predict


class NativeExecutable:
    """A compiled program with buffers of its own. For one thread at a time; :meth:`run_batch` starts more by itself.

    Attributes:
        inputs, outputs, scratch_len, run: see :class:`ember_infer_core.Executable`.
        predict: ``predict(*inputs, *outputs)`` runs on contiguous arrays of the right types and lengths, without a
            copy; anything else it leaves alone and returns False.
        library: what it runs.
    """

    scratch_len: int = 0

    def __init__(self, program: Program, library: Library, threads: int) -> None:
        self.library = library
        self.inputs: tuple[AnyArray, ...] = _buffers(program, program.inputs)
        self.outputs: tuple[AnyArray, ...] = _buffers(program, program.outputs)
        self._program = program
        self._threads = threads
        self._piece = _FIRST_ROWS
        self._arena = library.new_arena()
        self._start = functools.partial(library.functions.ember_start_state, _address(self._arena))
        inputs, outputs = _pointers(self.inputs), _pointers(self.outputs)
        dtypes = [array.dtype for array in (*self.inputs, *self.outputs)]
        addresses = (ctypes.c_void_p * max(len(dtypes), 1))(*map(id, dtypes))
        session = _Session(
            ctypes.addressof(inputs),
            ctypes.addressof(outputs),
            self._arena.ctypes.data,
            KernelError,
            id(np.ndarray) if arrays_are_readable() else None,
            ctypes.addressof(addresses),
        )
        owner = (self.inputs, self.outputs, self._arena, inputs, outputs, session, dtypes, addresses)
        self.run: Run
        self.predict: Callable[..., bool]
        self.run, self.predict = library.bind(session, owner)

    def start(self) -> None:
        """See :meth:`ember_infer_core.KeepsState.start`."""
        self._start()

    def save_state(self) -> tuple[AnyArray, ...]:
        """See :meth:`ember_infer_core.KeepsState.save_state`."""
        arrays = _buffers(self._program, [variable.tensor for variable in self._program.variables])
        self.library.functions.ember_save_state(_pointers(arrays), _address(self._arena))
        return arrays

    def load_state(self, arrays: Sequence[AnyArray]) -> None:
        """See :meth:`ember_infer_core.KeepsState.load_state`."""
        check_state(self._program, arrays)
        contiguous = [np.ascontiguousarray(array) for array in arrays]
        self.library.functions.ember_load_state(_pointers(contiguous), _address(self._arena))

    def run_batch(self, inputs: Sequence[AnyArray], outputs: Sequence[AnyArray]) -> None:
        """Runs samples that lie one after the other along the first axis of contiguous arrays, on several threads; each
        from the initial content of variables, and without a change to those of this executable.

        Raises:
            InvalidShape: arrays of other types or shapes, or of different numbers of samples; nothing was written.
            KernelError: a sample has no result.
        """
        count = self._check_rows(inputs, outputs)
        parts = max(1, min(self._threads, count // _LEAST_ROWS))
        bounds = [count * part // parts for part in range(parts + 1)]
        own = [] if self._program.variables else [self._arena]
        arenas = [*own, *(self.library.new_arena() for _ in range(parts - len(own)))]
        rows = _Rows(inputs), _Rows(outputs)
        if parts == 1:
            self._run_rows(*rows, range(count), arenas[0])
            return
        stop = threading.Event()
        from concurrent.futures import ThreadPoolExecutor  # heavy, and only large batches need it

        with ThreadPoolExecutor(parts) as pool:
            jobs = [
                pool.submit(self._run_rows, *rows, range(bounds[part], bounds[part + 1]), arenas[part], stop)
                for part in range(parts)
            ]
            try:
                for job in jobs:
                    job.result()
            finally:
                stop.set()  # for whoever is still at work: Ctrl-C, or a sample without a result

    def _check_rows(self, inputs: Sequence[AnyArray], outputs: Sequence[AnyArray]) -> int:
        """The number of samples, which all arrays hold."""
        ports, arrays = [*self.inputs, *self.outputs], [*inputs, *outputs]
        if (len(inputs), len(outputs)) != (len(self.inputs), len(self.outputs)):
            raise InvalidShape(f"{len(self.inputs)} inputs and {len(self.outputs)} outputs are wanted")
        count = len(arrays[0]) if arrays[0].ndim else 0
        for port, array in zip(ports, arrays, strict=True):
            if array.dtype != port.dtype or array.shape != (count, *port.shape) or not array.flags.c_contiguous:
                raise InvalidShape(
                    f"contiguous arrays of {port.dtype} and shape {(count, *port.shape)} are wanted, not {array.dtype} "
                    f"and {array.shape}"
                )
        if not all(array.flags.writeable for array in outputs):
            raise InvalidShape("outputs that can be written to are wanted")
        return count

    def _run_rows(
        self, inputs: _Rows, outputs: _Rows, rows: range, arena: ByteArray, stop: threading.Event | None = None
    ) -> None:
        """Runs in pieces of a fraction of a second, between which Python takes note of signals."""
        functions, address = self.library.functions, _address(arena)
        while rows and not (stop and stop.is_set()):
            length = self._piece
            some, rows = rows[:length], rows[length:]
            begun = time.perf_counter()
            functions.ember_batch(
                inputs.pointers(some.start),
                inputs.steps,
                outputs.pointers(some.start),
                outputs.steps,
                ctypes.c_int64(len(some)),
                address,
            )
            error = functions.ember_error(address)
            if error:
                raise KernelError(error.decode())
            if len(some) == length and time.perf_counter() - begun < _PIECE_SECONDS:
                self._piece = length * _MORE_ROWS

    def time_layers(self, repeats: int = 100) -> list[tuple[str, float]]:
        """Each layer's name and seconds, as the mean of so many runs in a row, on what the last run left in memory.
        Variables hold the same before and after.
        """
        times = []
        state = self.save_state()
        for number, call in enumerate(self._program.calls):
            start = time.perf_counter()
            self.library.functions.ember_repeat_layer(number, ctypes.c_int64(repeats), _address(self._arena))
            times.append((call.name, (time.perf_counter() - start) / repeats))
        self.load_state(state)
        return times


def default_threads() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _buffers(program: Program, indices: Sequence[int]) -> tuple[AnyArray, ...]:
    tensors = [program.tensors[index] for index in indices]
    return tuple(aligned_bytes(tensor.size, ALIGNMENT).view(tensor.dtype).reshape(tensor.shape) for tensor in tensors)


def _address(array: npt.NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _pointers(arrays: Sequence[npt.NDArray[Any]]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * max(len(arrays), 1))(*(array.__array_interface__["data"][0] for array in arrays))


class _Rows:
    """Arrays whose samples lie one after the other: where they begin, and bytes from each to the next."""

    def __init__(self, arrays: Sequence[npt.NDArray[Any]]) -> None:
        self._first = [array.ctypes.data for array in arrays]
        self._lengths = [array.itemsize * element_count(array.shape[1:]) for array in arrays]
        self.steps = (ctypes.c_int64 * max(len(arrays), 1))(*self._lengths)

    def pointers(self, row: int) -> ctypes.Array[ctypes.c_void_p]:
        """To so many samples from the first: for one call, which moves them on."""
        moved = [first + row * length for first, length in zip(self._first, self._lengths, strict=True)]
        return (ctypes.c_void_p * max(len(moved), 1))(*moved)
