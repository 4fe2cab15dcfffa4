"""Makes the folders that :mod:`ember_infer_native.artifact` reads: libraries for machines without a compiler."""

from __future__ import annotations

import contextlib
import dataclasses
import filecmp
import functools
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ember_infer_core.errors import ArtifactError, CompileError, CompilerNotFound
from ember_infer_native.artifact import (
    FORMAT,
    MANIFEST,
    OPERATORS,
    ArtifactEntry,
    Machine,
    host_machine,
    operators_digest,
    read_manifest,
)
from ember_infer_native.backend import BASELINE, compile_flags
from ember_infer_native.cache import version
from ember_infer_native.checked_files import OpenFile
from ember_infer_native.codegen import MAIN, generate, generate_operators
from ember_infer_native.digest import program_digest
from ember_infer_native.file_lock import Lock, file_lock
from ember_infer_native.library import ABI
from ember_infer_native.planner import plan_program
from ember_infer_native.targets import TARGETS, Target, choose_target
from ember_infer_native.toolchain import Compiler, build_library, find_compiler, host_isa

if TYPE_CHECKING:
    from ember_infer_core.program import Program

__all__ = [
    "ALL",
    "PROCESSORS",
    "Built",
    "artifact_flags",
    "build_artifact",
    "select_targets",
    "target_machine",
    "write_source",
]

ALL = "all"
# The processor of each target; a target that is not here is for any.
PROCESSORS: Mapping[str, str] = {
    "avx512vnni": "x86_64",
    "avxvnni": "x86_64",
    "avx2": "x86_64",
    "neon_dot": "aarch64",
}
# Nothing but the code, which finds memcpy and memset in the process that loads it, whatever its C library.
_ALONE = ("-s", "-nostdlib", "-U_FORTIFY_SOURCE", "-fno-stack-protector")
_ELF_PROCESSORS = {62: "x86_64", 183: "aarch64"}
_LOCK_SECONDS = 30.0
_WORK_PREFIX = ".building-"
_WORK_LOCK = "lock"
_ABANDONED_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Built:
    """A library of the folder, and the seconds that planning and compiling took: 0 if it was there."""

    entry: ArtifactEntry
    seconds: float


@dataclass(frozen=True, slots=True)
class _Order:
    """One library to be built."""

    model: str
    program: str
    target: Target
    sources: Callable[[], Mapping[str, str | bytes]]


def target_machine(processor: str | None) -> Machine:
    """The machine to build for: Linux on this processor, or, by default and where it is the same, this machine.

    Raises:
        ValueError: an unknown processor.
    """
    host = host_machine()
    if processor is None or processor == host.processor:
        return host
    if processor not in BASELINE:
        raise ValueError(f"unknown processor {processor!r}; there are {', '.join(BASELINE)}")
    return Machine("linux", processor)


def select_targets(names: Sequence[str], machine: Machine) -> tuple[Target, ...]:
    """The targets of these names, :data:`ALL` for every one of the machine.

    Without names: the best of this processor, or all if the machine is another one.

    Raises:
        ValueError: a name is unknown, or its target is for another processor.
    """
    fitting = {target.name: target for target in TARGETS if _fits(target, machine)}
    if not names and machine == host_machine():
        return (choose_target(host_isa()),)
    for name in names:
        if name in PROCESSORS and name not in fitting:
            raise ValueError(
                f"target {name!r} is for {PROCESSORS[name]}, not {machine}: add --machine {PROCESSORS[name]}"
            )
        if name not in (ALL, *fitting):
            raise ValueError(f"unknown target {name!r}; for {machine} there are {', '.join(fitting)}, and {ALL}")
    return tuple(target for name, target in fitting.items() if name in names or ALL in names or not names)


def build_artifact(
    programs: Sequence[Program],
    folder: Path,
    targets: Sequence[Target],
    machine: Machine,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> list[Built]:
    """Compiles programs, and the operators for single calls, into a folder: a new one, or one made before.

    The manifest is replaced last and at once: whoever reads the folder meanwhile finds what was there before. What it
    has for other programs, targets and machines stays.

    Args:
        programs: what to compile.
        folder: made if need be. Files that are not ours are left alone.
        targets: for each of them there will be a library.
        machine: that of the targets.
        progress: is told what is being built, how many libraries are done, and of how many.

    Raises:
        ArtifactError: the folder has other content than ours, or was made by another version.
        CompilerNotFound: there is no compiler, or none for that machine.
        CompileError: it refuses the code, or compiles for another machine.
        KernelError: a program asks for what no kernel does.
        OSError: the folder cannot be written to.
    """
    folder = folder.absolute()
    present = {entry.key: entry for entry in _present(folder)}
    compiler = _find_compiler(machine)
    orders = _orders(programs, targets)
    built: list[Built] = []
    with _made(folder), _work_folder(folder) as work:
        for done, order in enumerate(orders):
            old = present.get((order.program if order.model != OPERATORS else OPERATORS, order.target.name, machine))
            if order.model == OPERATORS and old is not None and old.program == order.program and _is_whole(folder, old):
                built.append(Built(old, 0.0))
                continue
            progress(f"{order.model} for {order.target.name}", done, len(orders))
            built.append(_build(order, compiler, machine, work))
        progress("", len(orders), len(orders))
        with file_lock(folder / ".lock", _LOCK_SECONDS):
            _publish(folder, work, [one.entry for one in built])
    return built


def artifact_flags(target: Target, machine: Machine) -> tuple[str, ...]:
    """For the compiler: code that asks for nothing beyond what the target needs."""
    alone = _ALONE if machine.system == "linux" and machine.processor in BASELINE else ()
    return (*compile_flags(target, machine), *alone)


def _fits(target: Target, machine: Machine) -> bool:
    return PROCESSORS.get(target.name, machine.processor) == machine.processor


def _orders(programs: Sequence[Program], targets: Sequence[Target]) -> list[_Order]:
    different = {program_digest(program): program for program in programs}
    models = [
        _Order(program.name, digest, target, functools.partial(_program_sources, program, target))
        for digest, program in different.items()
        for target in targets
    ]
    operators = [
        _Order(OPERATORS, operators_digest(target), target, functools.partial(generate_operators, target))
        for target in targets
    ]
    return models + operators


def _program_sources(program: Program, target: Target) -> Mapping[str, str | bytes]:
    return generate(plan_program(program, target))


def _find_compiler(machine: Machine) -> Compiler:
    """The usual one, or for another machine the one that CC names, else zig, which compiles for any."""
    if machine == host_machine() or os.environ.get("CC", "").strip():
        return find_compiler(fastest=True)
    try:
        return find_compiler({"PATH": ""})
    except CompilerNotFound as error:
        raise CompilerNotFound(
            f"compiling for {machine} needs the ziglang wheel, pip install 'ember-infer[native]', or a cross compiler "
            "named in CC"
        ) from error


def _cross_flags(compiler: Compiler, machine: Machine) -> tuple[str, ...]:
    """What tells zig to compile for another machine; other compilers are made for one."""
    return ("-target", f"{machine.processor}-linux-gnu") if compiler.is_zig and machine != host_machine() else ()


def _build(order: _Order, compiler: Compiler, machine: Machine, work: Path) -> Built:
    """Compiles to ``work``, under the name that the file has in the folder."""
    start = time.perf_counter()
    path = work / "library"
    flags = (*_cross_flags(compiler, machine), *artifact_flags(order.target, machine))
    build_library(compiler, order.sources(), flags, path, main=MAIN)
    seconds = time.perf_counter() - start
    content = path.read_bytes()
    _check_processor(content, compiler, machine)
    sha256 = hashlib.sha256(content).hexdigest()
    name = "operators" if order.model == OPERATORS else _plain(order.model)
    suffix = ".dll" if machine.system == "win32" else ".so"
    # No two contents share a name: a library that is in use is never written over.
    file = f"{name}-{order.target.name}-{machine.system}-{machine.processor}-{sha256[:16]}{suffix}"
    os.replace(path, work / file)
    entry = ArtifactEntry(
        model=order.model,
        program=order.program,
        target=order.target.name,
        needs=tuple(sorted(order.target.needs)),
        system=machine.system,
        processor=machine.processor,
        file=file,
        size=len(content),
        sha256=sha256,
        compiler=compiler.name,
        version=version(),
    )
    return Built(entry, seconds)


def _plain(name: str) -> str:
    """A model's name, fit for a file's name and for a comment in C."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)[:64]


def _check_processor(content: bytes, compiler: Compiler, machine: Machine) -> None:
    if content[:4] != b"\x7fELF":
        return
    found = _ELF_PROCESSORS.get(int.from_bytes(content[18:20], "little"), "another processor")
    if machine.processor in BASELINE and found != machine.processor:
        raise CompileError(
            f"{compiler.name} compiles for {found}, not for {machine.processor}", compiler.command, advice="mend CC"
        )


# ---- the folder


def _present(folder: Path) -> tuple[ArtifactEntry, ...]:
    """What a folder has; nothing if it is new or empty."""
    if not folder.exists() or (folder.is_dir() and not any(_foreign(folder))):
        return ()
    if folder.is_dir() and not (folder / MANIFEST).exists():
        raise ArtifactError(
            f"{folder} holds {', '.join(sorted(_foreign(folder))[:3])} and no {MANIFEST}, so that it is not of "
            "ember-infer build: name another folder"
        )
    return read_manifest(folder)


def _foreign(folder: Path) -> Iterator[str]:
    """Names in a folder, but for those that builds at the same time leave."""
    return (name for name in os.listdir(folder) if not name.startswith(_WORK_PREFIX) and name != ".lock")


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Makes the folder, in which others cannot write, and removes it again if it stays empty."""
    is_new = not folder.exists()
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=0o755, exist_ok=True)
    try:
        yield
    finally:
        if is_new:
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    """A folder inside, which is gone at the end; those that killed builds left go, too: nobody has their lock."""
    with contextlib.ExitStack() as stack:
        with file_lock(folder / ".lock", _LOCK_SECONDS):
            for left in folder.glob(_WORK_PREFIX + "*"):
                _remove_abandoned(left)
            # Whatever we cannot remove now, the next build does.
            made = tempfile.TemporaryDirectory(prefix=_WORK_PREFIX, dir=folder, ignore_cleanup_errors=True)
            work = Path(stack.enter_context(made))
            stack.enter_context(file_lock(work / _WORK_LOCK, _LOCK_SECONDS))
        yield work


def _remove_abandoned(work: Path) -> None:
    with contextlib.suppress(OSError), file_lock(work / _WORK_LOCK, 0.0) as lock:
        is_old = time.time() - work.lstat().st_mtime > _ABANDONED_SECONDS
        if lock is Lock.HELD or (lock is Lock.UNKNOWN and is_old):
            shutil.rmtree(work)


def _is_whole(folder: Path, entry: ArtifactEntry) -> bool:
    try:
        with OpenFile(folder / entry.file) as file:
            return file.has(entry.size, entry.sha256)
    except OSError:
        return False


def _publish(folder: Path, work: Path, new: Sequence[ArtifactEntry]) -> None:
    """Moves the libraries into the folder, then the manifest that names them, and removes those it no longer names."""
    old = {entry.key: entry for entry in _present(folder)}
    ours = {entry.file for entry in old.values()}
    for entry in new:
        made, there = work / entry.file, folder / entry.file
        if not made.exists():
            continue
        if there.exists() and entry.file not in ours and not filecmp.cmp(made, there, shallow=False):
            raise ArtifactError(f"{there} is not of ember-infer build: move it away")
        _move(made, there)
    kept = {**old, **{entry.key: entry for entry in new}}
    entries = sorted(kept.values(), key=lambda entry: (entry.model, entry.program, entry.target, str(entry.machine)))
    text = json.dumps(
        {"format": FORMAT, "abi": ABI, "libraries": [dataclasses.asdict(entry) for entry in entries]}, indent=1
    )
    (work / MANIFEST).write_text(text + "\n", encoding="utf-8")
    _move(work / MANIFEST, folder / MANIFEST)
    for file in ours - {entry.file for entry in entries}:
        (folder / file).unlink(missing_ok=True)


def _move(written: Path, path: Path) -> None:
    """Puts a file into place once the disk has it; others cannot write to it, whatever the umask says."""
    written.chmod(stat.S_IMODE(written.stat().st_mode) & ~0o022)
    with open(written, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(written, path)


# ---- C to read


_ABOUT = """\
/* {name} for {target}, generated by Ember Infer {version}: bit for bit what TensorFlow Lite Micro computes.

   cc {flags} -shared -fPIC -o {name}.so {main}

   {arena_len} bytes of memory for one run at a time, aligned to 64 bytes: ember_prepare(memory) once, then any number
   of ember_run(inputs, outputs, memory). In: {inputs}. Out: {outputs}.{state} */

"""
_STATE = """

   The model keeps state in that memory from run to run. ember_prepare sets what the first run is to find, and
   ember_start_state(memory) sets it again; ember_save_state(arrays, memory) and ember_load_state(arrays, memory) copy
   the state out and in: {arrays}."""


def write_source(program: Program, target: Target, machine: Machine, folder: Path) -> Path:
    """Writes the C of a program, without what serves Python, and its weights.

    Args:
        program: what it computes.
        target: the instruction set.
        machine: for the command line that the source shows.
        folder: where a folder ``<program>-<target>`` is made.

    Returns:
        That folder, in which ``model.c`` is what to compile.

    Raises:
        KernelError: the program asks for what no kernel does.
        OSError: the folder is there, or cannot be written.
    """
    plan = plan_program(program, target)
    sources = generate(plan, python=False)
    kept = [variable.tensor for variable in program.variables]
    about = _ABOUT.format(
        name=_plain(program.name),
        target=target.name,
        version=version(),
        flags=" ".join(compile_flags(target, machine)),
        main=MAIN,
        arena_len=plan.arena_len,
        inputs=_arrays(program, program.inputs),
        outputs=_arrays(program, program.outputs),
        state=_STATE.format(arrays=_arrays(program, kept)) if kept else "",
    )
    made = folder / f"{_plain(program.name)}-{target.name}"
    made.mkdir(parents=True)
    for name, content in sources.items():
        text = content.encode() if isinstance(content, str) else content
        (made / name).write_bytes(about.encode() + text if name == MAIN else text)
    return made


def _arrays(program: Program, indices: Sequence[int]) -> str:
    tensors = [program.tensors[index] for index in indices]
    return ", ".join(f"{tensor.size} bytes of {tensor.dtype.name}" for tensor in tensors)
