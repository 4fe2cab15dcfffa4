"""The executable that dispatches to a backend's methods, call by call."""

from __future__ import annotations

import copy
import linecache
import weakref
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_infer_core.errors import ScratchTooSmall
from ember_infer_core.memory import ALIGNMENT
from ember_infer_core.slots import AnyArray, ByteArray, OperatorParams, Role, bind
from ember_infer_core.state import copy_state

if TYPE_CHECKING:
    from ember_infer_core.program import Program, Variable
    from ember_infer_core.slots import AsksForScratch

__all__ = ["DispatchExecutable", "aligned_bytes", "dispatch_source", "keep_source"]


_NAME_LENGTH = 40  # of a variable in generated source


class DispatchExecutable:
    """Calls the backend's methods one after the other on parameters that are bound once."""

    def __init__(self, backend: AsksForScratch, program: Program) -> None:
        views = _tensor_views(program)
        self.inputs: tuple[AnyArray, ...] = tuple(views[index] for index in program.inputs)
        self.outputs: tuple[AnyArray, ...] = tuple(views[index] for index in program.outputs)
        self.scratch_len: int = program.scratch_len(type(backend))
        self._program = program
        self._variables = tuple(views[variable.tensor] for variable in program.variables)
        self._own_scratch = aligned_bytes(self.scratch_len)
        self._scratch_users: list[tuple[OperatorParams, int]] = []
        layers = SimpleNamespace()
        for call in program.calls:
            params = copy.copy(call.params)
            bind(params, {slot: views[index] for slot, index in call.operands.items()})
            params.cache = {}
            size = type(backend).scratch_size(params)
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
            raise ScratchTooSmall(self.scratch_len, scratch.size, self._program.name)
        self._bind_scratch(scratch)
        try:
            self._dispatch(self._backend, self._layers)
        finally:
            self._bind_scratch(self._own_scratch)  # let go of the caller's memory

    def start(self) -> None:
        """See :meth:`ember_infer_core.KeepsState.start`."""
        for variable, declared in zip(self._variables, self._program.variables, strict=True):
            np.copyto(variable, declared.initial)

    def save_state(self) -> tuple[AnyArray, ...]:
        """See :meth:`ember_infer_core.KeepsState.save_state`."""
        return tuple(variable.copy() for variable in self._variables)

    def load_state(self, arrays: Sequence[AnyArray]) -> None:
        """See :meth:`ember_infer_core.KeepsState.load_state`."""
        copy_state(self._program, arrays, self._variables)

    def _bind_scratch(self, scratch: ByteArray) -> None:
        for params, size in self._scratch_users:
            params.scratch = scratch[:size]


def aligned_bytes(length: int, alignment: int = ALIGNMENT) -> ByteArray:
    """Zeroed uint8 memory whose address is a multiple of ``alignment``."""
    memory = np.zeros(length + alignment, np.uint8)
    start = -memory.ctypes.data % alignment
    return memory[start : start + length]


def _tensor_views(program: Program) -> Mapping[int, AnyArray]:
    """An array for every tensor: constants as they are, activations in a new arena, variables at their initial content.

    Model inputs get memory of their own, outside the arena: its plan reuses an input's place once the last reader is
    done, as a device does, but on a host a second run on the same input must give the same answer.
    """
    arena = aligned_bytes(program.arena_len)
    apart = {program.storage(index): aligned_bytes(program.tensors[index].size) for index in program.inputs}
    apart |= {variable.tensor: _variable_memory(variable) for variable in program.variables}
    views: dict[int, AnyArray] = {}
    for index, tensor in enumerate(program.tensors):
        root = program.storage(index)
        constant = program.tensors[root].data
        if constant is not None:
            views[index] = constant.reshape(tensor.shape)
            continue
        if root in apart:
            memory = apart[root]
        elif index in program.offsets:
            offset = program.offsets[index]
            memory = arena[offset : offset + tensor.size]
        else:
            continue  # no call touches it
        views[index] = memory.view(tensor.dtype).reshape(tensor.shape)
    return views


def _variable_memory(variable: Variable) -> ByteArray:
    memory = aligned_bytes(variable.initial.nbytes)
    memory[...] = np.ascontiguousarray(variable.initial).reshape(-1).view(np.uint8)
    return memory


def dispatch_source(program: Program) -> str:
    """Python source of the function that runs the program: one line for each operator call, named after the layer."""
    lines = ["def run(backend, layers):"]
    lines.append(f'    """{_plain(program.name)}: {len(program.calls)} operator calls, in order."""')
    for call in program.calls:
        read = ", ".join(_describe(program, index) for index in call.tensors(Role.INPUT, Role.STATE))
        written = ", ".join(_describe(program, index) for index in call.tensors(Role.OUTPUT, Role.STATE))
        lines.append(f"    backend.{call.method}(layers.{call.name})  # {read} -> {written}")
        if call.params.ending is not None:
            lines.append(f"    if layers.{call.name}.{call.params.ending}[0]: return  # the outputs stay as they were")
    return "\n".join(lines) + "\n"


def _describe(program: Program, index: int) -> str:
    """Type and shape; of what is kept from run to run its name, too."""
    tensor, root = program.tensors[index], program.storage(index)
    name = f"state '{_plain(program.tensors[root].name[-_NAME_LENGTH:])}' " if root in program.kept else ""
    return f"{name}{tensor.dtype.name}{list(tensor.shape)}"


def _plain(text: str) -> str:
    """Text from a model file, fit for a line of generated source."""
    return "".join(c if c.isprintable() and c not in '"\\' else "?" for c in text)


def keep_source(filename: str, source: str, owner: object) -> None:
    """Shows tracebacks, debuggers and ``inspect.getsource`` the source of generated code while ``owner`` lives."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    weakref.finalize(owner, linecache.cache.pop, filename, None).atexit = False


def _dispatcher(program: Program) -> Callable[[object, SimpleNamespace], None]:
    """The compiled :func:`dispatch_source`, made once for a program and visible to tracebacks and debuggers."""
    made: Callable[[object, SimpleNamespace], None] | None = program.__dict__.get("_dispatcher")
    if made is None:
        source = dispatch_source(program)
        filename = f"<ember_infer program {_plain(program.name)} at {id(program):#x}>"
        keep_source(filename, source, program)
        namespace: dict[str, Any] = {}
        exec(compile(source, filename, "exec"), namespace)
        made = program.__dict__.setdefault("_dispatcher", namespace["run"])
    return made
