"""Finds a C compiler, runs it, and says what the processor can do."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import importlib.util
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ember_infer_core.errors import CompileError, CompilerNotFound
from ember_infer_native.cache_folder import make_private_folder, path_refusal

__all__ = ["Compiler", "build_library", "find_compiler", "host_isa"]

Family = Literal["gcc", "clang"]

_NAMES = ("cc", "gcc", "clang")
_PROBE_SECONDS = 60.0  # the first start of a compiler on a slow disk
_BUILD_SECONDS = 300.0
_KEEP_SOURCES = "EMBER_KEEP_SOURCES"
_ADVICE = (
    "install one: 'apt install gcc', 'dnf install gcc', 'apk add gcc', 'xcode-select --install', or without an "
    "administrator pip install 'ember-infer[native]' (the ziglang wheel); or name one in CC"
)


@dataclass(frozen=True, slots=True)
class Compiler:
    """A C compiler that has been seen to run.

    Attributes:
        command: how its command line begins: a program, and arguments that always go with it.
        family: whose flags and inline assembly it takes.
        version: everything it says of itself; part of each cache key.
    """

    command: tuple[str, ...]
    family: Family
    version: str

    @property
    def name(self) -> str:
        """Short, for messages: ``gcc 12.2.0``."""
        first = re.sub(r"\(.*?\)", "", self.version.splitlines()[0])  # a distribution's own number is in parentheses
        number = re.search(r"\d+(\.\d+)+", first)
        family = "zig" if self.is_zig else self.family
        return f"{family} {number[0]}" if number else family

    @property
    def is_zig(self) -> bool:
        """Clang as zig drives it."""
        return _is_zig(self.command)


def find_compiler(environment: Mapping[str, str] = os.environ, *, fastest: bool = False) -> Compiler:
    """The compiler to use: ``CC`` (which may hold arguments), cc, gcc, clang, the ziglang wheel; the first that runs.

    Args:
        environment: with ``CC`` and ``PATH``.
        fastest: on Linux the wheel before those on the ``PATH``. The models of ``make bench`` run up to 3 % faster on
            AVX-512, and 2 to 30 % on AVX-VNNI, by its clang than by gcc 12, which spills more; old clangs may take
            twice as long.

    Raises:
        CompilerNotFound: there is none, or the one that ``CC`` names does not work.
    """
    # What is meant relative to the working folder would be whatever somebody has left there.
    path = os.pathsep.join(filter(os.path.isabs, environment.get("PATH", os.defpath).split(os.pathsep)))
    named = environment.get("CC", "").strip()
    if named:
        return _named_compiler(named, path)
    tried: list[str] = []
    for command in _candidates(path, fastest):
        compiler = _probe(command)
        if isinstance(compiler, Compiler):
            return compiler
        tried.append(f"{shlex.join(command)} {compiler}")
    found = "; ".join(tried) or "there is neither cc, gcc nor clang on the PATH, nor the ziglang wheel"
    raise CompilerNotFound(f"no C compiler: {found}; {_ADVICE}")


def build_library(
    compiler: Compiler,
    sources: Mapping[str, str | bytes],
    flags: Sequence[str],
    output: Path,
    *,
    main: str,
    seconds: float = _BUILD_SECONDS,
) -> None:
    """Compiles one C file to a shared library.

    The compiler works in a private folder beside ``output``, which is also its working directory and which is gone
    afterwards. ``EMBER_KEEP_SOURCES=folder`` keeps the sources and the command line there.

    Args:
        compiler: from :func:`find_compiler`.
        sources: the text or bytes of each file, by plain file name.
        flags: further arguments, such as ``-O3`` and ``-I`` with the folder of headers.
        output: where the library goes, complete or not at all.
        main: the source that is compiled; it may include the others, or read them with ``.incbin``.
        seconds: after which a compiler is stopped.

    Raises:
        CompileError: the compiler refuses the source, or is not done in time; or the sources cannot be kept.
        OSError: a file cannot be written; on a full disk, whoever of us noticed it.
        ValueError: a source has no plain file name.
    """
    _check_names(sources, main)
    with tempfile.TemporaryDirectory(prefix="ember-build-", dir=output.parent, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        _write_sources(folder, sources)
        library = "library" + (".dll" if sys.platform == "win32" else ".so")
        link = _link_flags(compiler)
        command = (
            *compiler.command,
            *_spelled(compiler, flags),
            *link,
            "-o",
            library,
            main,
            *_libraries((*flags, *link)),
        )
        kept = _keep_sources(sources, command)
        try:
            status, said = _run(command, folder, _private_environment(compiler, folder), seconds)
        except OSError as error:
            raise CompileError(f"{compiler.name} does not start: {error}", command) from error
        if status != 0 or not (folder / library).is_file():
            raise _failure(compiler, main, command, status, said, kept, seconds)
        os.replace(folder / library, output)


@functools.cache
def host_isa() -> frozenset[str]:
    """What this processor has and its operating system enables, by the names of Linux: ``avx2``, ``avx512_vnni``.

    Linux and macOS; empty where unknown, which any portable target satisfies.
    """
    machine = platform.machine().lower()
    if sys.platform == "darwin":
        said = subprocess.run(["/usr/sbin/sysctl", "hw.optional"], capture_output=True, text=True, check=False)
        return _isa_of_sysctl(said.stdout, machine)
    try:
        with open("/proc/cpuinfo", errors="replace") as lines:
            return _isa_of_cpuinfo(lines, machine)
    except OSError:
        return frozenset()


def _candidates(path: str, fastest: bool) -> list[tuple[str, ...]]:
    found = [shutil.which(name, path=path) for name in _NAMES]
    commands: list[tuple[str, ...]] = [(program,) for program in found if program is not None]
    zig = _zig_wheel()
    if zig is None:
        return commands
    wheel_first = fastest and sys.platform == "linux"
    return [(zig, "cc"), *commands] if wheel_first else [*commands, (zig, "cc")]


def _zig_wheel() -> str | None:
    """The program inside the ziglang wheel: quicker than ``python -m ziglang``, and needs no ``sys.executable``."""
    spec = importlib.util.find_spec("ziglang")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        program = shutil.which("zig", path=folder)
        if program is not None:
            return program
    return None


def _named_compiler(named: str, path: str) -> Compiler:
    try:
        words = (named,) if os.path.isfile(named) else tuple(shlex.split(named))
    except ValueError as error:
        raise CompilerNotFound(f"CC={named!r} is no command line: {error}") from None
    program = shutil.which(words[0], path=path) if words else None
    if program is None:
        raise CompilerNotFound(f"CC={named!r} names no program that is there; mend CC, or unset it to have one found")
    compiler = _probe((os.path.abspath(program), *words[1:]))
    if isinstance(compiler, Compiler):
        return compiler
    raise CompilerNotFound(f"CC={named!r} {compiler}; mend CC, or unset it to have one found")


@functools.cache
def _probe(command: tuple[str, ...]) -> Compiler | str:
    """The compiler behind a command, or what is wrong with it."""
    status, version = _output((*command, "--version"))
    if status != 0 or not version:
        said = f": {version.splitlines()[0]}" if version else ""
        return f"does not run (exit status {status}{said})"
    if _is_zig(command):  # says clang's version only, which several versions of zig share
        version = _output((*command[:-1], "version"))[1] + "\n" + version
    family = _family(command, version)
    return "is neither gcc nor clang" if family is None else Compiler(command, family, version)


def _family(command: tuple[str, ...], version: str) -> Family | None:
    if "clang" in version:
        return "clang"
    # Other GNU programs are the foundation's, too.
    if "Free Software Foundation" in version and re.search(r"\bg?cc\b", version.splitlines()[0], re.IGNORECASE):
        return "gcc"
    macros = _output((*command, "-E", "-dM", "-x", "c", os.devnull))[1]
    if "__TINYC__" in macros:  # says that it is gcc, and knows no vectors
        return None
    return "clang" if "__clang__" in macros else "gcc" if "__GNUC__" in macros else None


def _is_zig(command: tuple[str, ...]) -> bool:
    return command[-1] == "cc" and any(Path(word).stem in ("zig", "ziglang") for word in command[:-1])


def _output(command: tuple[str, ...]) -> tuple[int, str]:
    try:
        status, said = _run(command, None, {**os.environ, "LC_ALL": "C"}, _PROBE_SECONDS)
    except OSError as error:
        return -1, str(error)
    return (-1, f"no answer in {_PROBE_SECONDS:.0f} s") if status is None else (status, said.strip())


def _run(
    command: Sequence[str], folder: Path | None, environment: Mapping[str, str], seconds: float
) -> tuple[int | None, str]:
    """Exit status and everything said; no status where it was not done in time.

    A compiler is several processes, and all of them end with it: the ones left would hold the pipe, and us, for ever.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _stop(process)
        return None, process.communicate()[0]
    except BaseException:
        _stop(process)
        process.communicate()
        raise
    return process.returncode, said


def _stop(process: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError):  # it may have ended by itself meanwhile
        os.killpg(process.pid, signal.SIGKILL)


def _check_names(sources: Mapping[str, str | bytes], main: str) -> None:
    for name in sources:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
            raise ValueError(f"{name!r}: a source needs a plain file name")
    if main not in sources:
        raise ValueError(f"{main!r} is not among the sources: {', '.join(sources)}")


def _write_sources(folder: Path, sources: Mapping[str, str | bytes]) -> None:
    for name, content in sources.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def _spelled(compiler: Compiler, flags: Sequence[str]) -> tuple[str, ...]:
    """Flags as the compiler writes them: zig has processors of its own in place of architectures."""
    if not compiler.is_zig:
        return tuple(flags)
    renamed = (flag.replace("-march=x86-64", "-mcpu=x86_64") for flag in flags)
    return tuple(re.sub(r"^-march=armv[0-9.]+-a", "-mcpu=generic", flag) for flag in renamed)


def _link_flags(compiler: Compiler) -> tuple[str, ...]:
    flags: tuple[str, ...] = ("-shared", "-fPIC")
    if compiler.is_zig:
        flags = (*flags, "-g0")  # it adds what debuggers read, as much again as the library, where nobody says
    if compiler.is_zig and sys.platform == "linux":
        # zig would first compile a run-time library of its own, which takes 4 s; memcpy and its like are found in
        # the process that loads the library.
        return (*flags, "-nostdlib")
    return flags


def _libraries(flags: Sequence[str]) -> tuple[str, ...]:
    """The C library's mathematics, which is linked where anything is; Python has it in the process in any case."""
    return () if "-nostdlib" in flags or sys.platform == "win32" else ("-lm",)


def _private_environment(compiler: Compiler, folder: Path) -> dict[str, str]:
    """All temporary files in our folder. zig's cache, too: it does not notice that a file of ``.incbin`` changed."""
    environment = {**os.environ, "LC_ALL": "C", "TMPDIR": str(folder)}
    if compiler.is_zig:
        environment["ZIG_LOCAL_CACHE_DIR"] = str(folder / "zig")
        if sys.platform == "linux":  # elsewhere it keeps its run-time library, which is worth keeping
            environment["ZIG_GLOBAL_CACHE_DIR"] = str(folder / "zig")
    return environment


def _keep_sources(sources: Mapping[str, str | bytes], command: Sequence[str]) -> Path | None:
    chosen = os.environ.get(_KEEP_SOURCES)
    if not chosen:
        return None
    digest = hashlib.sha256(shlex.join(command).encode())
    for name, content in sources.items():
        digest.update(name.encode() + b"\0" + (content.encode() if isinstance(content, str) else content))
    folder = Path(chosen).absolute() / digest.hexdigest()[:16]
    try:
        # Where nobody else can write, there is no link but our own.
        reason = path_refusal(folder)
        if reason is None:
            make_private_folder(folder)
            reason = path_refusal(folder)
        if reason is not None:
            raise OSError(errno.EACCES, reason, str(folder))
        _write_sources(folder, {**sources, "build.sh": f"{shlex.join(command)}\n"})
    except OSError as error:
        raise CompileError(f"{_KEEP_SOURCES}={chosen!r} takes no sources: {error}") from error
    return folder


def _failure(
    compiler: Compiler,
    main: str,
    command: Sequence[str],
    status: int | None,
    said: str,
    kept: Path | None,
    seconds: float,
) -> CompileError | OSError:
    if os.strerror(errno.ENOSPC) in said or "No space left on device" in said:
        return OSError(errno.ENOSPC, f"{compiler.name}: {os.strerror(errno.ENOSPC)}")
    how = f"was not done with {main} in {seconds:.0f} s" if status is None else f"cannot compile {main} (exit {status})"
    advice = [f"sources: {kept}" if kept else f"set {_KEEP_SOURCES} to a folder to keep the sources there"]
    if re.search(r"fatal error: (std|string|math|limits).*(No such file|not found)|cannot find (crti\.o|-lc)", said):
        advice.insert(0, "the C library's headers are missing: 'apt install libc6-dev', 'apk add musl-dev'")
    return CompileError(f"{compiler.name} {how}", command, said, "\n".join(advice))


def _isa_of_cpuinfo(lines: Iterable[str], machine: str) -> frozenset[str]:
    """From ``/proc/cpuinfo``, where the kernel lists only what it enables, alike for all cores."""
    # Under an emulator the file may be that of the machine beneath: its field has another name.
    field = "Features" if machine.startswith(("aarch64", "arm")) else "flags"
    for line in lines:
        name, colon, values = line.partition(":")
        if colon and name.strip() == field:
            return frozenset(values.split())
    return frozenset()


_SYSCTL_NAMES = {
    "avx2_0": "avx2",
    "fma": "fma",
    "avx512f": "avx512f",
    "avx512bw": "avx512bw",
    "avx512vl": "avx512vl",
    "avx512dq": "avx512dq",
    "avx512vbmi": "avx512vbmi",
    "avx512vnni": "avx512_vnni",
    "arm.FEAT_DotProd": "asimddp",
    "arm.FEAT_I8MM": "i8mm",
}


def _isa_of_sysctl(text: str, machine: str) -> frozenset[str]:
    """From ``sysctl hw.optional`` on macOS."""
    present = {line.partition(":")[0].strip() for line in text.splitlines() if line.partition(":")[2].strip() == "1"}
    found = {ours for theirs, ours in _SYSCTL_NAMES.items() if f"hw.optional.{theirs}" in present}
    return frozenset(found | {"asimd"} if machine == "arm64" else found)
