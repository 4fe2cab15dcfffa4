"""Models compiled ahead of time: they run where there is no compiler, and nothing but what was built is ever loaded."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_core.dispatch import DispatchExecutable
from ember_infer_core.errors import ArtifactError, CompileError, CompilerNotFound, KernelError
from ember_infer_core.executable import Executable
from ember_infer_core.program import Program
from ember_infer_core.slots import Int8Array
from ember_infer_macros.decorator import load_program
from ember_infer_native import NativeBackend, artifact_build, toolchain
from ember_infer_native.artifact import MANIFEST, OPERATORS, Artifacts, Machine, host_machine
from ember_infer_native.artifact_build import (
    ALL,
    PROCESSORS,
    build_artifact,
    select_targets,
    target_machine,
    write_source,
)
from ember_infer_native.backend import compile_flags
from ember_infer_native.digest import program_digest
from ember_infer_native.targets import TARGETS, choose_target, named_target
from ember_infer_native.toolchain import Compiler, build_library, find_compiler, host_isa
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY, skip_or_fail

DIGITS, SINE = (REPOSITORY / "models" / f"{name}.tflite" for name in ("digits", "sine"))
HOST = choose_target(host_isa())
PORTABLE = named_target("portable", frozenset())
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
# Runs a model from an artifact, whole and call by call, where nothing that compiles can be found.
WITHOUT_COMPILER = """
import sys
sys.modules["ziglang"] = None
import numpy as np
from ember_infer_core.dispatch import DispatchExecutable
from ember_infer_macros.decorator import load_program
from ember_infer_native import NativeBackend

folder, model = sys.argv[1:]
backend, program = NativeBackend(artifacts=folder), load_program(model)
for executable in (backend.compile(program), DispatchExecutable(backend, program)):
    image = executable.inputs[0]
    image[...] = (np.arange(image.size) * 37 % 256 - 128).reshape(image.shape)
    executable.run()
    print(*executable.outputs[0].ravel())
"""


@pytest.fixture(scope="module")
def digits() -> Program:
    return load_program(DIGITS)


@pytest.fixture(scope="module")
def sine() -> Program:
    return load_program(SINE)


@pytest.fixture(scope="module")
def built(digits: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """digits, for the best target of this machine."""
    folder = tmp_path_factory.mktemp("artifact") / "compiled models"
    build_artifact([digits], folder, [HOST], host_machine())
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return shutil.copytree(built, tmp_path / "copy")


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(toolchain, "_zig_wheel", lambda: None)


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """A compiler that writes down its flags and makes a library of the source."""
    called: list[Sequence[str]] = []

    def build(
        compiler: Compiler, sources: Mapping[str, str | bytes], flags: Sequence[str], output: Path, *, main: str
    ) -> None:
        called.append(flags)
        output.write_bytes(repr(sorted(sources.items())).encode())

    monkeypatch.setattr(artifact_build, "find_compiler", lambda *_: Compiler(("cc",), "gcc", "gcc 1.2.3"))
    monkeypatch.setattr(artifact_build, "build_library", build)
    return called


def pattern(array: Int8Array) -> None:
    array[...] = (np.arange(array.size) * 37 % 256 - 128).reshape(array.shape)


def answer(executable: Executable) -> list[int]:
    pattern(executable.inputs[0])
    executable.run()
    return executable.outputs[0].ravel().tolist()


def edit(folder: Path, change: Callable[[dict[str, Any]], None], which: str = "") -> None:
    """Changes the manifest's entries of one model, or of all."""
    told = json.loads((folder / MANIFEST).read_text())
    for entry in told["libraries"]:
        if which in ("", entry["model"]):
            change(entry)
    (folder / MANIFEST).write_text(json.dumps(told))


def models(folder: Path) -> set[tuple[str, str]]:
    return {(entry["model"], entry["target"]) for entry in json.loads((folder / MANIFEST).read_text())["libraries"]}


# ---- using one


def test_an_artifact_runs_where_nothing_compiles(built: Path, digits: Program, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CC"}
    environment |= {"PATH": "", "PYTHONPATH": str(REPOSITORY), "EMBER_CACHE_DIR": str(tmp_path / "unused")}
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_COMPILER, os.path.relpath(built, tmp_path), str(DIGITS)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=environment,
    )
    assert result.returncode == 0, result.stderr
    expected = " ".join(map(str, answer(RefBackend().compile(digits))))
    assert result.stdout.splitlines() == [expected, expected]
    assert not (tmp_path / "unused").exists()


def test_without_compiler_and_artifacts_the_constructor_says_so_at_once(no_compiler: None) -> None:
    with pytest.raises(CompilerNotFound, match=r"no C compiler: .*apt install gcc.*ember-infer\[native\]"):
        NativeBackend()


def test_an_artifact_is_found_from_another_working_directory(
    built: Path, digits: Program, tmp_path: Path, no_compiler: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(built.parent)
    backend = NativeBackend(artifacts=built.name)
    monkeypatch.chdir(tmp_path)
    assert answer(backend.compile(digits)) == answer(RefBackend().compile(digits))


def test_a_library_of_an_artifact_is_preferred_to_compiling(
    built: Path, digits: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = NativeBackend(artifacts=built, cache=tmp_path / "cache")
    executable = backend.compile(digits)
    assert (executable.library.path.parent, executable.library.target) == (built, HOST.name)
    assert not (tmp_path / "cache").exists()


def test_a_model_that_is_missing_is_compiled_if_there_is_a_compiler(built: Path, sine: Program, tmp_path: Path) -> None:
    executable = NativeBackend(artifacts=built, cache=tmp_path / "cache").compile(sine)
    assert executable.library.path.parent == tmp_path / "cache"
    assert answer(executable) == answer(RefBackend().compile(sine))


def test_a_model_that_is_missing_is_named_with_the_folder_and_the_command(
    built: Path, sine: Program, no_compiler: None
) -> None:
    backend = NativeBackend(artifacts=built)
    with pytest.raises(CompilerNotFound) as raised:
        backend.compile(sine)
    told = str(raised.value)
    for part in (f"{built} lacks sine for {host_machine()}", "it has digits", "no C compiler"):
        assert part in told
    assert f"ember-infer build MODEL -o {shlex.quote(str(built))}" in told


def test_another_model_of_the_same_name_is_not_taken(folder: Path, sine: Program, no_compiler: None) -> None:
    edit(folder, lambda entry: entry.update(model="sine"), "digits")
    with pytest.raises(CompilerNotFound, match="sine there is another model"):
        NativeBackend(artifacts=folder).compile(sine)


@pytest.mark.parametrize(
    ("field", "value"),
    [("system", "plan9"), ("processor", "z80"), ("needs", ["telepathy"]), ("target", "avx4096")],
)
def test_a_library_for_another_machine_is_not_loaded(
    folder: Path, digits: Program, no_compiler: None, field: str, value: object
) -> None:
    edit(folder, lambda entry: entry.update({field: value}))
    backend = NativeBackend(artifacts=folder)
    with pytest.raises(CompilerNotFound, match="it has digits for"):
        backend.compile(digits)
    with pytest.raises(CompilerNotFound, match=r"lacks the kernels for single calls .*it has none of this version"):
        DispatchExecutable(backend, digits).run()


def test_kernels_for_single_calls_of_another_version_are_not_loaded(
    folder: Path, digits: Program, no_compiler: None
) -> None:
    edit(folder, lambda entry: entry.update(program="0" * 64), OPERATORS)
    backend = NativeBackend(artifacts=folder)
    assert answer(backend.compile(digits)) == answer(RefBackend().compile(digits))
    with pytest.raises(CompilerNotFound, match="it has none of this version"):
        DispatchExecutable(backend, digits).run()


def test_the_best_target_that_the_processor_has_is_taken(folder: Path, digits: Program) -> None:
    told = json.loads((folder / MANIFEST).read_text())
    for target in ("avx512vnni", "avx2", "portable"):
        for entry in list(told["libraries"]):
            if entry["model"] == "digits":
                needs = sorted(named_target(target, frozenset().union(*(t.needs for t in TARGETS))).needs)
                told["libraries"].append({**entry, "target": target, "needs": needs})
    (folder / MANIFEST).write_text(json.dumps(told))
    wide = TARGETS[0].needs | {"avx2"}
    for features, wanted in ((wide, "avx512vnni"), (frozenset({"avx2", "fma"}), "avx2"), (frozenset(), "portable")):
        usable = [target for target in TARGETS if target.needs <= features]
        found = Artifacts(folder, usable, frozenset(features)).program(program_digest(digits))
        assert found is not None
        assert found[1].name == wanted


def test_a_named_target_is_the_only_one(built: Path, digits: Program, no_compiler: None) -> None:
    if HOST is PORTABLE:
        skip_or_fail("this processor has one target alone")
    with pytest.raises(CompilerNotFound, match=f"target portable \\(it has digits for {HOST.name} on"):
        NativeBackend("portable", artifacts=built).compile(digits)


# ---- damage


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("damage", "told"), [(flip, "its checksum is not"), (cut, "its checksum is not"), (Path.unlink, "No such file")]
)
def test_a_damaged_library_is_refused_and_nothing_compiled_in_its_place(
    folder: Path, digits: Program, tmp_path: Path, damage: Callable[[Path], None], told: str
) -> None:
    for path in folder.glob("*.so"):
        damage(path)
    backend = NativeBackend(artifacts=folder, cache=tmp_path / "cache")
    for use in (lambda: backend.compile(digits), lambda: DispatchExecutable(backend, digits).run()):
        with pytest.raises(ArtifactError, match=f"is damaged: {told}.*build it again") as raised:
            use()
        assert isinstance(raised.value, KernelError)
    assert not (tmp_path / "cache").exists()


def test_a_library_that_does_not_load_is_said_to(folder: Path, digits: Program) -> None:
    content = b"no library"

    def replace(entry: dict[str, Any]) -> None:
        (folder / entry["file"]).write_bytes(content)
        entry.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())

    edit(folder, replace)
    with pytest.raises(ArtifactError, match="does not load"):
        NativeBackend(artifacts=folder).compile(digits)


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"format": 1}', '{"format": 1, "abi": 2, "libraries": 3}'])
def test_a_damaged_manifest_is_refused_at_once(folder: Path, content: str) -> None:
    (folder / MANIFEST).write_text(content)
    with pytest.raises(ArtifactError, match=rf"{MANIFEST} is damaged: .*ember-infer build"):
        NativeBackend(artifacts=folder)


@pytest.mark.parametrize(
    "change",
    [
        {"file": "../elsewhere.so"},
        {"file": "/elsewhere.so"},
        {"file": MANIFEST},
        {"size": "9"},
        {"sha256": None},
        {"needs": [1]},
        {"needs": None},
        {"surprise": 1},
    ],
)
def test_an_entry_of_another_form_is_refused_at_once(folder: Path, change: dict[str, object]) -> None:
    edit(folder, lambda entry: entry.update(change))
    with pytest.raises(ArtifactError, match="is damaged"):
        NativeBackend(artifacts=folder)


@pytest.mark.parametrize("field", ["format", "abi"])
def test_an_artifact_of_another_version_is_refused_at_once(folder: Path, digits: Program, field: str) -> None:
    told = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**told, field: 999}))
    for use in (
        lambda: NativeBackend(artifacts=folder),
        lambda: build_artifact([digits], folder, [HOST], host_machine()),
    ):
        with pytest.raises(
            ArtifactError, match=r"made by another version .*999.*build it again with ember-infer build"
        ):
            use()


def test_a_folder_that_is_missing_or_holds_none_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="there is no such folder; to make one: ember-infer build MODEL -o"):
        NativeBackend(artifacts=tmp_path / "nowhere")
    with pytest.raises(ArtifactError, match=f"no {MANIFEST} in it"):
        NativeBackend(artifacts=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match="file is a file, not a folder of compiled models"):
        NativeBackend(artifacts=tmp_path / "file")


# ---- making one


def test_a_folder_is_added_to_and_what_is_not_ours_stays(
    digits: Program, sine: Program, tmp_path: Path, pretended: list[Sequence[str]]
) -> None:
    folder, host = tmp_path / "a folder" / "in one", host_machine()
    first = build_artifact([digits], folder, [HOST], host)
    (folder / "README.md").write_text("mine")
    second = build_artifact([sine, digits], folder, [HOST], host)
    assert models(folder) == {("digits", HOST.name), ("sine", HOST.name), (OPERATORS, HOST.name)}
    assert (folder / "README.md").read_text() == "mine"
    assert len(list(folder.iterdir())) == 5  # three libraries, the manifest, mine
    # The operators' library was there.
    assert first[-1].entry == second[-1].entry
    assert (first[-1].seconds > 0, second[-1].seconds) == (True, 0)
    assert len(pretended) == 4


def test_a_library_built_anew_takes_the_place_of_the_old_one(
    digits: Program, tmp_path: Path, pretended: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_artifact([digits], tmp_path, [HOST], host_machine())
    old = set(tmp_path.glob("digits-*"))
    monkeypatch.setattr(artifact_build, "generate", lambda plan: {"model.c": "another"})
    build_artifact([digits], tmp_path, [HOST], host_machine())
    new = set(tmp_path.glob("digits-*"))
    assert (len(old), len(new), old & new) == (1, 1, set())


def test_two_builds_at_the_same_time_lose_nothing(
    digits: Program, sine: Program, tmp_path: Path, pretended: list[Sequence[str]]
) -> None:
    start = threading.Barrier(2)

    def build(program: Program) -> None:
        start.wait()
        build_artifact([program], tmp_path, [HOST], host_machine())

    threads = [threading.Thread(target=build, args=(program,)) for program in (digits, sine)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert models(tmp_path) == {("digits", HOST.name), ("sine", HOST.name), (OPERATORS, HOST.name)}
    assert {path.suffix for path in tmp_path.iterdir()} == {".so", ".json"}


def test_a_failed_build_leaves_nothing(digits: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise CompileError("no")

    folder = tmp_path / "new"
    monkeypatch.setattr(artifact_build, "build_library", fail)
    with pytest.raises(CompileError, match="no"):
        build_artifact([digits], folder, [HOST], host_machine())
    assert not folder.exists()


def test_a_folder_of_something_else_is_refused(digits: Program, tmp_path: Path, pretended: list[Sequence[str]]) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ArtifactError, match=r"holds thesis\.tex and no ember-infer\.json.*name another folder"):
        build_artifact([digits], tmp_path, [HOST], host_machine())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(ArtifactError):
        build_artifact([digits], tmp_path / "thesis.tex", [HOST], host_machine())
    assert pretended == []


def test_a_file_of_the_same_name_that_is_not_ours_is_not_overwritten(
    digits: Program, tmp_path: Path, pretended: list[Sequence[str]]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    [one, *_] = build_artifact([digits], first, [HOST], host_machine())
    build_artifact([digits], second, [PORTABLE], host_machine())
    (second / one.entry.file).write_text("mine")
    before = (second / MANIFEST).read_bytes()
    with pytest.raises(ArtifactError, match="is not of ember-infer build: move it away"):
        build_artifact([digits], second, [HOST], host_machine())
    assert (second / one.entry.file).read_text() == "mine"
    assert (second / MANIFEST).read_bytes() == before


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_folder_that_cannot_be_made_is_an_error_before_anything_is_compiled(
    digits: Program, pretended: list[Sequence[str]]
) -> None:
    with pytest.raises(OSError, match="/proc/nothing"):
        build_artifact([digits], Path("/proc/nothing"), [HOST], host_machine())
    assert pretended == []


@pytest.mark.skipif(AS_ROOT, reason="root may write anywhere")
def test_a_folder_that_can_only_be_read_is_an_error_before_anything_is_compiled(
    digits: Program, tmp_path: Path, pretended: list[Sequence[str]]
) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(PermissionError):
        build_artifact([digits], tmp_path, [HOST], host_machine())
    assert pretended == []


# ---- targets and machines


def test_every_target_but_the_portable_one_has_its_processor() -> None:
    assert {target.name for target in TARGETS} - set(PROCESSORS) == {"portable"}
    assert set(PROCESSORS) < {target.name for target in TARGETS}


def test_targets_are_those_of_the_machine() -> None:
    x86, arm = Machine("linux", "x86_64"), Machine("linux", "aarch64")
    assert [target.name for target in select_targets([ALL], x86)] == ["avx512vnni", "avxvnni", "avx2", "portable"]
    assert [target.name for target in select_targets([ALL], arm)] == ["neon_dot", "portable"]
    assert [target.name for target in select_targets(["portable", "avx2"], x86)] == ["avx2", "portable"]
    assert select_targets([], host_machine()) == (HOST,)
    elsewhere = arm if host_machine().processor == "x86_64" else x86
    assert select_targets([], elsewhere) == select_targets([ALL], elsewhere)
    with pytest.raises(ValueError, match="unknown target 'mmx'; for linux x86_64 there are avx512vnni"):
        select_targets(["mmx"], x86)
    with pytest.raises(ValueError, match="'neon_dot' is for aarch64, not linux x86_64: add --machine aarch64"):
        select_targets(["neon_dot"], x86)


def test_machines_are_this_one_or_linux() -> None:
    assert target_machine(None) == target_machine(host_machine().processor) == host_machine()
    elsewhere = "aarch64" if host_machine().processor == "x86_64" else "x86_64"
    assert target_machine(elsewhere) == Machine("linux", elsewhere)
    with pytest.raises(ValueError, match="unknown processor 'z80'"):
        target_machine("z80")


MEMORY = frozenset({"memcpy", "memset"})
# What functions of float32 call; Python itself needs the library that has them.
MATHEMATICS = frozenset(["ceilf", "cosf", "expf", "expm1f", "floor", "floorf", "fmodf", "logf", "sinf", "tanhf"])


@pytest.mark.skipif(sys.platform != "linux", reason="ELF libraries")
def test_a_library_asks_for_python_and_a_few_functions_of_any_c_library(built: Path) -> None:
    nm, readelf = shutil.which("nm"), shutil.which("readelf")
    if nm is None or readelf is None:
        skip_or_fail("nm and readelf of binutils are not installed")
    for path in built.glob("*.so"):
        symbols = subprocess.run([str(nm), "-D", "-u", path], capture_output=True, text=True, check=True).stdout.split()
        ours = {symbol for symbol in symbols if not symbol.startswith(("Py", "_Py"))} - {"U"}
        allowed = MEMORY | MATHEMATICS if path.name.startswith("operators") else MEMORY
        assert ours <= allowed
        dynamic = subprocess.run([str(readelf), "-d", path], capture_output=True, text=True, check=True).stdout
        assert "NEEDED" not in dynamic
        assert "PATH" not in dynamic
        assert str(built.parent).encode() not in path.read_bytes()


@pytest.mark.skipif(host_machine().processor != "x86_64", reason="the names of x86-64's extensions")
@pytest.mark.parametrize("environment", [os.environ, {"PATH": ""}], ids=["found", "zig"])
def test_code_is_for_the_target_and_nothing_beyond_it(environment: Mapping[str, str], tmp_path: Path) -> None:
    try:
        compiler = find_compiler(environment)
    except CompilerNotFound as error:
        skip_or_fail(str(error))
    too_much = "#if defined(__SSE3__)\n#error this asks for more than every processor has\n#endif\nint nothing;\n"
    build_library(compiler, {"model.c": too_much}, compile_flags(PORTABLE), tmp_path / "library", main="model.c")
    needs_more = too_much.replace("SSE3", "AVX2")
    with pytest.raises(CompileError, match="more than every processor has"):
        build_library(
            compiler,
            {"model.c": needs_more},
            compile_flags(named_target("avx2", frozenset({"avx2", "fma"}))),
            tmp_path / "library",
            main="model.c",
        )


def test_zig_compiles_for_a_machine_that_this_one_is_not(sine: Program, tmp_path: Path) -> None:
    try:
        find_compiler({"PATH": ""})
    except CompilerNotFound:
        skip_or_fail("the ziglang wheel is not installed: pip install 'ember-infer[native]'")
    machine, number = (
        (Machine("linux", "aarch64"), 183) if host_machine().processor == "x86_64" else (Machine("linux", "x86_64"), 62)
    )
    built = build_artifact([sine], tmp_path, [select_targets([], machine)[0]], machine)
    for one in built:
        content = (tmp_path / one.entry.file).read_bytes()
        assert (content[:4], content[18]) == (b"\x7fELF", number)
        assert one.entry.machine == machine


def test_without_zig_another_machine_needs_a_compiler_in_cc(sine: Program, tmp_path: Path, no_compiler: None) -> None:
    with pytest.raises(CompilerNotFound, match=r"compiling for linux m68k needs the ziglang wheel.*CC"):
        build_artifact([sine], tmp_path, [PORTABLE], Machine("linux", "m68k"))


@pytest.mark.skipif(sys.platform != "linux", reason="ELF libraries")
def test_a_compiler_for_another_machine_is_noticed(
    sine: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = tmp_path / "cross cc"
    forward = " ".join(f"'{word}'" for word in find_compiler().command)
    compiler.write_text(
        '#!/bin/sh\nfor word do shift; case "$word" in -m*) ;; *) set -- "$@" "$word" ;; esac; done\n'
        f'exec {forward} "$@"\n'
    )
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    elsewhere = target_machine("aarch64" if host_machine().processor == "x86_64" else "x86_64")
    with pytest.raises(CompileError, match=f"compiles for {host_machine().processor}, not for {elsewhere.processor}"):
        build_artifact([sine], tmp_path / "out", [PORTABLE], elsewhere)
    assert not (tmp_path / "out").exists()


# ---- C to read


def test_the_source_compiles_alone_and_can_be_called_from_c(digits: Program, tmp_path: Path) -> None:
    folder = write_source(digits, PORTABLE, host_machine(), tmp_path)
    assert folder.name == "digits-portable"
    sources = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sources["model.c"].startswith(b"/* digits for portable, generated by Ember Infer")
    assert b"PyObject" not in sources["model.c"]
    build_library(find_compiler(), sources, ("-O1",), tmp_path / "digits.so", main="model.c")
    library = ctypes.CDLL(str(tmp_path / "digits.so"))
    library.ember_arena_len.restype = ctypes.c_int64
    memory = np.zeros(library.ember_arena_len() + 64, np.uint8)
    arena = ctypes.c_void_p(memory.ctypes.data + -memory.ctypes.data % 64)
    image, scores = np.zeros(64, np.int8), np.zeros(10, np.int8)
    pattern(image)
    library.ember_prepare(arena)
    library.ember_run((ctypes.c_void_p * 1)(image.ctypes.data), (ctypes.c_void_p * 1)(scores.ctypes.data), arena)
    assert scores.tolist() == answer(RefBackend().compile(digits))
    with pytest.raises(FileExistsError):
        write_source(digits, PORTABLE, host_machine(), tmp_path)
