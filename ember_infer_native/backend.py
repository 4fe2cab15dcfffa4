"""The backend class."""

from __future__ import annotations

import ctypes
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from ember_infer_core.composition import RoutedBackend
from ember_infer_core.errors import CompilerNotFound, UnsupportedOperator
from ember_infer_core.process_lock import ProcessLock
from ember_infer_native.artifact import OPERATORS, Artifacts, Machine, host_machine
from ember_infer_native.cache import LibraryCache, cache_key
from ember_infer_native.digest import program_digest
from ember_infer_native.kernels import KERNELS
from ember_infer_native.library import Library, NativeExecutable, default_threads
from ember_infer_native.targets import TARGETS, Target, choose_target, named_target
from ember_infer_native.toolchain import Compiler, build_library, find_compiler, host_isa

if TYPE_CHECKING:
    from ember_infer_core.program import Program
    from ember_infer_core.slots import OperatorParams
    from ember_infer_native.operators import Operators

__all__ = ["BASELINE", "NativeBackend", "compile_flags"]

# What every such processor has: compilers may be set up to ask for more, and zig asks for all that this machine has,
# which another machine with the same cache, or image, may not have.
BASELINE: Mapping[str, tuple[str, ...]] = {"x86_64": ("-march=x86-64",), "aarch64": ("-march=armv8-a",)}

_FLOATS = ("-ffp-contract=off", "-fno-math-errno")  # each operation rounds by itself, as in TFLM


class NativeBackend(RoutedBackend):
    """Compiles a whole model to machine code for this machine, and runs it without the GIL. Bit for bit TensorFlow Lite
    Micro, as ``RefBackend`` is.

    The first use of a model compiles it, which takes a second or so; the library is kept in a cache
    (``ember-infer cache`` shows it) for every later process. Any number of threads may use one backend.

    Args:
        target: the instruction set to generate for, by name; by default the best that this processor has.
        threads: how many threads ``predict_batch`` uses; by default all processors that this process may use.
        artifacts: a folder that ``ember-infer build`` made. Models found there are loaded, for the best target there
            that this processor has, and need no compiler; others are compiled, if there is one.
        cache: the folder for compiled models; by default ``EMBER_CACHE_DIR``, or ``ember-infer`` in the user's cache.

    Raises:
        CompilerNotFound: there is no C compiler, and no ``artifacts``.
        ArtifactError: ``artifacts`` is no such folder, damaged, or made by another version.
        ValueError: an unknown target, or one that this processor cannot run.
    """

    def __init__(
        self,
        target: str | None = None,
        *,
        threads: int | None = None,
        artifacts: str | Path | None = None,
        cache: str | Path | None = None,
    ) -> None:
        features = host_isa()
        if threads is not None and (not isinstance(threads, int) or threads < 1):
            raise ValueError(f"threads must be a whole number from 1 up, not {threads!r}")
        self._target: Target = choose_target(features) if target is None else named_target(target, features)
        self._threads: int = default_threads() if threads is None else threads
        self._artifacts: Artifacts | None = None
        self._compiler: Compiler | None = None
        if artifacts is None:
            self._compiler = find_compiler(fastest=True)
        else:
            usable = [other for other in TARGETS if other.needs <= features]
            self._artifacts = Artifacts(Path(artifacts), usable if target is None else [self._target], features)
        self._arguments = {"target": target, "threads": threads, "artifacts": artifacts, "cache": cache}
        self._cache = LibraryCache(None if cache is None else Path(cache))
        self._libraries: weakref.WeakKeyDictionary[Program, Library] = weakref.WeakKeyDictionary()
        self._loading = ProcessLock()
        self._operators: Operators | None = None

    @property
    def target(self) -> str:
        """Name of the instruction set."""
        return self._target.name

    @override
    def __getstate__(self) -> dict[str, Any]:
        """The arguments: a copy, or a process that it is sent to, has locks and loads libraries of its own."""
        return self._arguments

    def __setstate__(self, arguments: dict[str, Any]) -> None:
        NativeBackend.__init__(self, **arguments)

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}(target={self.target!r})"

    @override
    def compile(self, program: Program) -> NativeExecutable:
        """An executable of its own memory; programs are compiled once, executables share the code.

        Raises:
            CompilerNotFound: the program is not among the ``artifacts``, and there is no compiler.
            ArtifactError: its library there is damaged or does not load.
            CompileError: the compiler refuses the code.
            UnsupportedOperator: lists every layer whose operator there is no kernel for.
            KernelError: a call asks for what no kernel does.
        """
        self.check_operators(program)
        return NativeExecutable(program, self.library(program), self._threads)

    def library(self, program: Program) -> Library:
        """The compiled program."""
        with self._loading.lock:
            library = self._libraries.get(program)
            if library is None:
                library = self._libraries[program] = self._load(program)
            return library

    def _load(self, program: Program) -> Library:
        digest = program_digest(program)
        if self._artifacts is not None:
            found = self._artifacts.program(digest)
            if found is not None:
                return Library(found[0], found[1].name)
        return self._build(program, digest, self._found_compiler(program.name, digest))

    def _build(self, program: Program, digest: str, compiler: Compiler) -> Library:
        def sources() -> Mapping[str, str | bytes]:
            from ember_infer_native.codegen import generate  # heavy, and a model in the cache needs none of it
            from ember_infer_native.planner import plan_program

            return generate(plan_program(program, self._target))

        return Library(*self._compiled(sources, compiler, program.name, program=digest))

    def _compiled(
        self, sources: Callable[[], Mapping[str, str | bytes]], compiler: Compiler, model: str, **key: str
    ) -> tuple[ctypes.CDLL, str, float]:
        """A library from the cache, or compiled now; its target; and the seconds that took."""
        target, flags = self._target.name, compile_flags(self._target)
        seconds = 0.0

        def build(output: Path) -> None:
            from ember_infer_native.codegen import MAIN

            nonlocal seconds
            start = time.perf_counter()
            build_library(compiler, sources(), flags, output, main=MAIN)
            seconds = time.perf_counter() - start

        whole_key = cache_key(target=target, compiler=compiler.command, version=compiler.version, flags=flags, **key)
        loaded = self._cache.load(whole_key, build, model=model, target=target, compiler=compiler.name)
        return loaded, target, seconds

    @classmethod
    @override
    def operators(cls) -> frozenset[str]:
        """All that there is a kernel for."""
        return super().operators().union(KERNELS)

    @override
    def run_operator(self, operator: str, params: OperatorParams) -> None:
        """A single call goes to the operators' library, which holds the same kernels for any shape."""
        if operator not in KERNELS:
            raise UnsupportedOperator(f"{type(self).__name__} does not implement {operator!r}")
        with self._loading.lock:
            if self._operators is None:
                self._operators = self._load_operators()
        self._operators.run(operator, params)

    def _load_operators(self) -> Operators:
        from ember_infer_native.codegen import generate_operators
        from ember_infer_native.operators import Operators  # heavy, and whole models do without

        found = None if self._artifacts is None else self._artifacts.operators()
        if found is not None:
            return Operators(found[1], found[0])
        compiler = self._found_compiler(OPERATORS)
        loaded, _, _ = self._compiled(
            lambda: generate_operators(self._target), compiler, OPERATORS, operators=OPERATORS
        )
        return Operators(self._target, loaded)

    def _found_compiler(self, model: str, digest: str | None = None) -> Compiler:
        """The compiler, looked for only when the artifacts lack something."""
        if self._compiler is None:
            assert self._artifacts is not None
            try:
                self._compiler = find_compiler(fastest=True)
            except CompilerNotFound as error:
                raise CompilerNotFound(f"{self._artifacts.lacks(model, digest)}; here, {error}") from None
        return self._compiler


def compile_flags(target: Target, machine: Machine | None = None) -> tuple[str, ...]:
    """What the compiler is told, beside what makes a library of it; by default for this machine."""
    processor = (machine or host_machine()).processor
    has_baseline = any(flag.startswith(("-march=", "-mcpu=")) for flag in target.flags)
    baseline = () if has_baseline else BASELINE.get(processor, ())
    # Constants are bytes that kernels read as what they are.
    return (*baseline, "-std=gnu11", "-O2", "-fno-strict-aliasing", *_FLOATS, "-fvisibility=hidden", *target.flags)
