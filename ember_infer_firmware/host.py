"""The exported C on this machine: compiled as it is, loaded, and run."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.dispatch import aligned_bytes
from ember_infer_core.errors import InternalError, KernelError
from ember_infer_core.slots import AnyArray, ByteArray
from ember_infer_core.state import copy_state
from ember_infer_firmware.kinds import kernel_library
from ember_infer_firmware.sources import FIRST_FAILURE, generate
from ember_infer_firmware.step import Place
from ember_infer_native.cache import LibraryCache, cache_key
from ember_infer_native.toolchain import Compiler, build_library

if TYPE_CHECKING:
    from ember_infer_core.program import Program
    from ember_infer_firmware.plan import Plan

__all__ = ["FirmwareExecutable", "Library", "compiled", "library_of"]

_MAIN = "library.c"

# As on a small machine: no vectors of the host's, no contraction of floats, each conversion as C has it.
_FLAGS = ("-std=c99", "-O2", "-ffp-contract=off", "-fno-math-errno", "-w")


def compiled(
    cache: LibraryCache,
    compiler: Compiler,
    sources: Mapping[str, str],
    main: str,
    model: str,
    kernels: str = "reference",
    library: Path | None = None,
) -> ctypes.CDLL:
    """A library of these sources, of which ``main`` includes what it needs: from the cache, or compiled now.

    Args:
        cache: where compiled code is kept.
        compiler: the compiler.
        sources: by file name.
        main: the one that is compiled.
        model: for people.
        kernels: the kind of kernels.
        library: the folder of the sources that this kind calls, where it calls any.

    Raises:
        CompileError: the compiler refuses the sources.
    """
    digest = hashlib.sha256()
    flags: tuple[str, ...] = _FLAGS
    if library is not None:
        called = kernel_library(kernels)
        files = called.sources(library, sources.values())
        included = "".join(f'#include "{name}"\n' for name in files)
        sources = {**sources, **files, main: sources[main] + included}
        flags = (*flags, *called.flags(library))
        for file in called.header_files(library):  # which stay where they are, and hold code
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    for name, text in sorted(sources.items()):
        digest.update(f"{name} {len(text)}\n{text}".encode())
    key = cache_key(
        target="c99", compiler=compiler.command, version=compiler.version, flags=flags, sources=digest.digest()
    )
    return cache.load(
        key,
        lambda output: build_library(compiler, sources, flags, output, main=main),
        model=model,
        target="c99",
        compiler=compiler.name,
    )


@dataclass(frozen=True, slots=True)
class Library:
    """An exported program, compiled and loaded. Nothing in it changes: any number of threads may share it.

    It does not hold the program, so that a backend may keep it for as long as there is the program.

    Attributes:
        loaded: what the functions are of.
        name: that they begin with.
        inputs, outputs, variables: see :class:`Plan`.
        arena_len, state_start: likewise.
        failures: for each status of a layer without a result, the first first: the layer, and why.
    """

    loaded: ctypes.CDLL
    name: str
    inputs: tuple[Place, ...]
    outputs: tuple[Place, ...]
    variables: tuple[Place, ...]
    arena_len: int
    state_start: int
    failures: tuple[str, ...]


def library_of(plan: Plan, code: Callable[[Mapping[str, str], str, str], ctypes.CDLL]) -> Library:
    """The plan's sources as they are exported, compiled by ``code(sources, main, model)``.

    Raises:
        CompileError: the compiler refuses the sources.
    """
    name = plan.name
    sources = generate(plan) | {_MAIN: f'#include "{name}.c"\n#include "{name}_weights.c"\n'}
    return Library(
        code(sources, _MAIN, plan.program.name),
        name,
        plan.inputs,
        plan.outputs,
        tuple(variable.place for variable in plan.variables),
        plan.arena_len,
        plan.state_start,
        tuple(f"{layer.call.name} ({layer.call.method}): {step.failure}" for layer, step in plan.failures()),
    )


class FirmwareExecutable:
    """An exported program with buffers of its own. For one thread at a time.

    A run that ends in an error may have written to the outputs, as on a device.

    Attributes:
        inputs, outputs, scratch_len, run: see :class:`ember_infer_core.Executable`. Scratch is part of the arena.
    """

    scratch_len: int = 0

    def __init__(self, program: Program, library: Library) -> None:
        self.inputs: tuple[AnyArray, ...] = tuple(map(_buffer, library.inputs))
        self.outputs: tuple[AnyArray, ...] = tuple(map(_buffer, library.outputs))
        self._program = program
        self._library = library
        self._arena: ByteArray = aligned_bytes(library.arena_len)
        state = self._arena[library.state_start :]
        self._variables: tuple[AnyArray, ...] = tuple(_view(state, place) for place in library.variables)
        self._run = getattr(library.loaded, f"{library.name}_run")
        self._reset = getattr(library.loaded, f"{library.name}_reset") if library.variables else None
        self._arguments = [ctypes.c_void_p(array.ctypes.data) for array in (*self.inputs, *self.outputs, self._arena)]
        self.start()

    def run(self, scratch: ByteArray | None = None) -> None:
        """See :meth:`ember_infer_core.Executable.run`.

        Raises:
            KernelError: a layer has no result for these inputs.
        """
        status = self._run(*self._arguments)
        if status <= FIRST_FAILURE:
            raise KernelError(f"{self._program.name}: {self._library.failures[FIRST_FAILURE - status]}")
        if status < 0:
            raise InternalError(f"{self._program.name}: the exported code returned {status}")

    def start(self) -> None:
        """See :meth:`ember_infer_core.KeepsState.start`."""
        if self._reset is not None:
            self._reset(self._arguments[-1])

    def save_state(self) -> tuple[AnyArray, ...]:
        """See :meth:`ember_infer_core.KeepsState.save_state`."""
        return tuple(variable.copy() for variable in self._variables)

    def load_state(self, arrays: Sequence[AnyArray]) -> None:
        """See :meth:`ember_infer_core.KeepsState.load_state`."""
        copy_state(self._program, arrays, self._variables)


def _buffer(place: Place) -> AnyArray:
    size = int(np.prod(place.shape)) * place.dtype.itemsize
    return _view(aligned_bytes(size), place)


def _view(memory: ByteArray, place: Place) -> AnyArray:
    """A place's array in the memory that its offset counts in."""
    size = int(np.prod(place.shape)) * place.dtype.itemsize
    array: AnyArray = memory[place.offset : place.offset + size].view(place.dtype).reshape(place.shape)
    return array
