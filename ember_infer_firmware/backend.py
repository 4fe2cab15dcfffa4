"""The backend class: firmware on the host."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from ember_infer_core.composition import RoutedBackend
from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.process_lock import ProcessLock
from ember_infer_firmware.host import FirmwareExecutable, Library, compiled, library_of
from ember_infer_firmware.kernels import KERNELS
from ember_infer_firmware.kinds import checked_kind, find_library, kernels_of
from ember_infer_firmware.plan import plan_program
from ember_infer_firmware.single_calls import MAIN, SingleCalls, library_sources
from ember_infer_native.cache import LibraryCache
from ember_infer_native.toolchain import find_compiler

if TYPE_CHECKING:
    import ctypes

    from ember_infer_core.program import Program
    from ember_infer_core.slots import OperatorParams

__all__ = ["FirmwareBackend"]

_NAME = "model"


class FirmwareBackend(RoutedBackend):
    """Runs on this machine the C that ``ember-infer export`` writes for a microcontroller: what holds a backend to the
    bytes (the conformance suite, ``compare``, any model) so holds the exported code.

    It is no backend for speed: the code is for small machines. Any number of threads may use one.

    Args:
        kernels: which kind the code calls: ``"reference"``, its own; ``"cmsis-nn"``, Arm's library where it has the
            operator; ``"esp-nn"``, Espressif's, in its portable form, where it is right on all of its chips.
        library: the folder of the library's sources; by default what ``CMSIS_NN_PATH`` or ``ESP_NN_PATH`` names.
        cache: the folder for compiled code; see :class:`ember_infer_native.NativeBackend`.

    Raises:
        CompilerNotFound: there is no C compiler.
        ValueError: no such kernels, or their library is not there.
    """

    def __init__(
        self,
        kernels: str = "reference",
        *,
        library: str | Path | None = None,
        cache: str | Path | None = None,
    ) -> None:
        self._kernels = checked_kind(kernels)
        self._library = find_library(kernels, library)
        self._arguments = {"kernels": kernels, "library": self._library, "cache": cache}
        self._compiler = find_compiler()
        self._cache = LibraryCache(None if cache is None else Path(cache))
        self._libraries: weakref.WeakKeyDictionary[Program, Library] = weakref.WeakKeyDictionary()
        self._loading = ProcessLock()
        self._single_calls: SingleCalls | None = None

    @property
    def kernels(self) -> str:
        """Which kind the code calls."""
        return self._kernels

    @override
    def __getstate__(self) -> dict[str, Any]:
        """The arguments: a copy, or a process that it is sent to, has locks and loads libraries of its own."""
        return self._arguments

    def __setstate__(self, arguments: dict[str, Any]) -> None:
        FirmwareBackend.__init__(self, **arguments)

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernels={self.kernels!r})"

    @override
    def compile(self, program: Program) -> FirmwareExecutable:
        """An executable with an arena of its own, over the code as it is exported.

        Raises:
            UnsupportedOperator: lists every layer whose operator there is no kernel for.
            KernelError: a call asks for what no kernel does.
            CompileError: the compiler refuses the code.
        """
        with self._loading.lock:
            library = self._libraries.get(program)
            if library is None:
                plan = plan_program(program, _NAME, self._kernels)
                library = self._libraries[program] = library_of(plan, self._code)
        return FirmwareExecutable(program, library)

    @classmethod
    @override
    def operators(cls) -> frozenset[str]:
        """All that there is a kernel for."""
        return super().operators().union(KERNELS)

    @override
    def run_operator(self, operator: str, params: OperatorParams) -> None:
        """A single call goes to a library that holds the same kernels for any shape."""
        if operator not in KERNELS:
            raise UnsupportedOperator(f"{type(self).__name__} does not implement {operator!r}")
        with self._loading.lock:
            if self._single_calls is None:
                sources = library_sources(kernels_of(self._kernels))
                self._single_calls = SingleCalls(self._code(sources, MAIN, "kernels"), self._kernels)
        self._single_calls.run(operator, params)

    def _code(self, sources: Mapping[str, str], main: str, model: str) -> ctypes.CDLL:
        return compiled(self._cache, self._compiler, sources, main, model, self._kernels, self._library)
