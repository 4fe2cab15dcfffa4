"""For which targets and machines libraries are made, and what these then ask for."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from ember_infer_core.errors import CompileError, CompilerNotFound
from ember_infer_core.program import Program
from ember_infer_native.artifact import Machine, host_machine
from ember_infer_native.artifact_build import (
    ALL,
    PROCESSORS,
    build_artifact,
    select_targets,
    target_machine,
    write_source,
)
from ember_infer_native.backend import compile_flags
from ember_infer_native.targets import TARGETS, named_target
from ember_infer_native.toolchain import build_library, find_compiler
from ember_infer_ref import RefBackend
from tests.conftest import skip_or_fail
from tests.native.artifact.folders import HOST, PORTABLE, answer, pattern


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
