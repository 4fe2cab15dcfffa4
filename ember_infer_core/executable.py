"""Running a program: the executable contract, and the one that dispatches call by call."""

from __future__ import annotations

import copy
import linecache
import weakref
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ember_infer_core.errors import ScratchTooSmall
from ember_infer_core.memory import ALIGNMENT
from ember_infer_core.ops.common import ByteArray, Int8Array, OperatorParams, Role

if TYPE_CHECKING:
    from ember_infer_core.backend import KernelBackend
    from ember_infer_core.program import Program

__all__ = [
    "DispatchExecutable",
    "Executable",
    "PredictsDirectly",
    "Run",
    "RunsBatches",
    "aligned_bytes",
    "dispatch_source",
    "keep_source",
]


class Run(Protocol):
    """How an executable runs."""

    def __call__(self, scratch: ByteArray | None = None) -> None:
        """Computes the outputs from the inputs, in scratch memory of the caller's if there is any."""
        ...


class Executable(Protocol):
    """A program made ready on one backend, with buffers of its own. For one thread at a time.

    Attributes:
        inputs: int8 arrays to fill before a run; a run leaves them as they are.
        outputs: int8 arrays, valid until the next run.
        scratch_len: bytes of scratch that :meth:`run` needs when it is given one.
    """

    inputs: tuple[Int8Array, ...]
    outputs: tuple[Int8Array, ...]
    scratch_len: int

    def run(self, scratch: ByteArray | None = None) -> None:
        """Computes the outputs from the inputs.

        Args:
            scratch: a contiguous, writable uint8 array to use in place of the executable's own scratch memory.

        Raises:
            ScratchTooSmall: ``scratch`` is shorter than ``scratch_len``; nothing has run.
        """
        ...


@runtime_checkable
class PredictsDirectly(Protocol):
    """An executable that can work on the caller's arrays."""

    def predict(self, *arrays: Any) -> bool:
        """Runs from all inputs to all outputs, given in this order, and returns True if each is a contiguous int8 array
        of the right length and the outputs can be written to and lie apart. Or else does nothing and returns False.
        """
        ...


@runtime_checkable
class RunsBatches(Protocol):
    """An executable that can take many samples at once."""

    def run_batch(self, inputs: Sequence[Int8Array], outputs: Sequence[Int8Array]) -> None:
        """Runs every sample along the first axis of contiguous arrays ``(samples, *shape)``."""
        ...


class DispatchExecutable:
    """Calls the backend's methods one after the other on parameters that are bound once."""

    def __init__(self, backend: KernelBackend, program: Program) -> None:
        views = _tensor_views(program)
        self.inputs: tuple[Int8Array, ...] = tuple(views[index] for index in program.inputs)
        self.outputs: tuple[Int8Array, ...] = tuple(views[index] for index in program.outputs)
        self.scratch_len: int = program.scratch_len(type(backend))
        self._program_name = program.name
        self._own_scratch = aligned_bytes(self.scratch_len)
        self._scratch_users: list[tuple[OperatorParams, int]] = []
        layers = SimpleNamespace()
        for call in program.calls:
            params = copy.copy(call.params)
            for operand, index in call.operands.items():
                setattr(params, operand, views[index])
            params.cache = {}
            size = params.scratch_size(type(backend))
            if size:
                self._scratch_users.append((params, size))
            setattr(layers, call.name, params)
        self._bind_scratch(self._own_scratch)
        self._backend = backend
        self._layers = layers
        self._dispatch = _dispatcher(program)

    def run(self, scratch: ByteArray | None = None) -> None:
        """See :meth:`Executable.run`."""
        if scratch is None or not self._scratch_users:
            self._dispatch(self._backend, self._layers)
            return
        if scratch.size < self.scratch_len:
            raise ScratchTooSmall(self.scratch_len, scratch.size, self._program_name)
        self._bind_scratch(scratch)
        try:
            self._dispatch(self._backend, self._layers)
        finally:
            self._bind_scratch(self._own_scratch)  # let go of the caller's memory

    def _bind_scratch(self, scratch: ByteArray) -> None:
        for params, size in self._scratch_users:
            params.scratch = scratch[:size]


def aligned_bytes(length: int, alignment: int = ALIGNMENT) -> ByteArray:
    """Zeroed uint8 memory whose address is a multiple of ``alignment``."""
    memory = np.zeros(length + alignment, np.uint8)
    start = -memory.ctypes.data % alignment
    return memory[start : start + length]


def _tensor_views(program: Program) -> Mapping[int, npt.NDArray[Any]]:
    """An array for every tensor: constants as they are, activations in a new arena.

    Model inputs get memory of their own, outside the arena: its plan reuses an input's place once the last reader is
    done, as a device does, but on a host a second run on the same input must give the same answer.
    """
    arena = aligned_bytes(program.arena_len)
    inputs = {program.storage(index): aligned_bytes(program.tensors[index].size) for index in program.inputs}
    views: dict[int, npt.NDArray[Any]] = {}
    for index, tensor in enumerate(program.tensors):
        root = program.storage(index)
        constant = program.tensors[root].data
        if constant is not None:
            views[index] = constant.reshape(tensor.shape)
            continue
        if root in inputs:
            memory = inputs[root]
        elif index in program.offsets:
            offset = program.offsets[index]
            memory = arena[offset : offset + tensor.size]
        else:
            continue  # no call touches it
        views[index] = memory.view(tensor.dtype).reshape(tensor.shape)
    return views


def dispatch_source(program: Program) -> str:
    """Python source of the function that runs the program: one line for each operator call, named after the layer."""
    lines = ["def run(backend, layers):"]
    lines.append(f'    """{_plain(program.name)}: {len(program.calls)} operator calls, in order."""')
    for call in program.calls:
        read = ", ".join(_describe(program, index) for index in call.tensors(Role.INPUT))
        written = ", ".join(_describe(program, index) for index in call.tensors(Role.OUTPUT))
        lines.append(f"    backend.{call.method}(layers.{call.name})  # {read} -> {written}")
    return "\n".join(lines) + "\n"


def _describe(program: Program, index: int) -> str:
    tensor = program.tensors[index]
    return f"{tensor.dtype.name}{list(tensor.shape)}"


def _plain(text: str) -> str:
    """Text from a model file, fit for a line of generated source."""
    return "".join(c if c.isprintable() and c not in '"\\' else "?" for c in text)


def keep_source(filename: str, source: str, owner: object) -> None:
    """Shows tracebacks, debuggers and ``inspect.getsource`` the source of generated code while ``owner`` lives."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    weakref.finalize(owner, linecache.cache.pop, filename, None).atexit = False


def _dispatcher(program: Program) -> Callable[[KernelBackend, SimpleNamespace], None]:
    """The compiled :func:`dispatch_source`, made once for a program and visible to tracebacks and debuggers."""
    made: Callable[[KernelBackend, SimpleNamespace], None] | None = program.__dict__.get("_dispatcher")
    if made is None:
        source = dispatch_source(program)
        filename = f"<ember_infer program {_plain(program.name)} at {id(program):#x}>"
        keep_source(filename, source, program)
        namespace: dict[str, Any] = {}
        exec(compile(source, filename, "exec"), namespace)
        made = program.__dict__.setdefault("_dispatcher", namespace["run"])
    return made
