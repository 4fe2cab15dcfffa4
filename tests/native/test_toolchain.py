"""Finding a compiler, running it, and handing it the weights."""

from __future__ import annotations

import ctypes
import errno
import importlib.util
import os
import pickle
import platform
import random
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ember_infer_core.errors import CompileError, CompilerNotFound, KernelError
from ember_infer_native import toolchain
from ember_infer_native.toolchain import Compiler, build_library, find_compiler, host_isa
from ember_infer_native.weights import blob_name, incbin_source
from tests.conftest import skip_or_fail
from tests.native.standalone import array_source

FLAGS = ("-O2", "-fvisibility=hidden")
EXPORT = '__attribute__((visibility("default"))) '
ANSWER = EXPORT + "int answer(void) { return 42; }\n"
WEIGHTS = EXPORT + "const void *weights(void) { return w; }\n"
NOWHERE = {"PATH": ""}
CHAIN = ("cc", "gcc", "clang")


@pytest.fixture(params=["system", "zig"])
def compiler(request: pytest.FixtureRequest) -> Compiler:
    """The machine's own compiler, and the one of the ziglang wheel."""
    zig = toolchain._zig_wheel()
    environment = {"PATH": os.environ["PATH"], "CC": f"{shlex.quote(zig)} cc" if request.param == "zig" and zig else ""}
    if request.param == "zig" and zig is None:
        skip_or_fail("the ziglang wheel is not installed: pip install 'ember-infer[native]'")
    try:
        found = find_compiler(environment)
    except CompilerNotFound as error:
        skip_or_fail(str(error))
        raise
    if request.param == "system" and found.is_zig:
        skip_or_fail("neither cc, gcc nor clang is installed")
    return found


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def pretender(folder: Path, name: str, version: str = "gcc (Own) 9.9.9\nFree Software Foundation, Inc.") -> Path:
    return script(folder / name, f"cat <<'END'\n{version}\nEND")


def answer(library: Path) -> int:
    return int(ctypes.CDLL(str(library)).answer())


# ---- finding


@pytest.mark.parametrize("present", [CHAIN, CHAIN[1:], CHAIN[2:]])
def test_the_first_of_cc_gcc_and_clang_is_taken(tmp_path: Path, present: tuple[str, ...]) -> None:
    for name in present:
        pretender(tmp_path, name)
    assert find_compiler({"PATH": str(tmp_path)}).command == (str(tmp_path / present[0]),)


def test_a_folder_that_is_relative_to_the_working_folder_is_never_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    for folder in (tmp_path, tmp_path / "here"):
        script(folder / "gcc", f"touch {tmp_path}/was-run")
    pretender(tmp_path / "there", "gcc")
    monkeypatch.chdir(tmp_path)
    for before in (".", "", "here", "./here"):
        path = f"{before}:{tmp_path}/there"
        assert find_compiler({"PATH": path}).command == (str(tmp_path / "there" / "gcc"),)
        assert find_compiler({"PATH": path, "CC": "gcc"}).command == (str(tmp_path / "there" / "gcc"),)
    assert not (tmp_path / "was-run").exists()


def test_one_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    script(tmp_path / "cc", "echo xcrun: error: invalid active developer path >&2; exit 1")
    pretender(tmp_path, "gcc")
    assert find_compiler({"PATH": str(tmp_path)}).command == (str(tmp_path / "gcc"),)


def test_the_wheel_comes_last_if_nobody_asks_for_speed(compiler: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    if compiler.is_zig:
        assert find_compiler(NOWHERE) == compiler
        assert compiler.family == "clang"
        assert compiler.name.startswith("zig 0.")
    else:
        assert not find_compiler({"PATH": os.environ["PATH"]}).is_zig


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's compiler is a clang")
def test_for_speed_the_wheel_comes_first_unless_cc_names_another(tmp_path: Path) -> None:
    if importlib.util.find_spec("ziglang") is None:
        skip_or_fail("the ziglang wheel is not installed: pip install 'ember-infer[native]'")
    pretender(tmp_path, "gcc")
    assert find_compiler({"PATH": str(tmp_path)}, fastest=True).is_zig
    assert not find_compiler({"PATH": str(tmp_path), "CC": "gcc"}, fastest=True).is_zig


def test_no_compiler_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "_zig_wheel", lambda: None)
    with pytest.raises(
        CompilerNotFound, match=r"neither cc, gcc nor clang on the PATH, nor the ziglang wheel"
    ) as raised:
        find_compiler(NOWHERE)
    assert isinstance(raised.value, KernelError)
    for advice in ("apt install gcc", "pip install 'ember-infer[native]'", "CC"):
        assert advice in str(raised.value)


def test_compilers_that_do_not_run_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "_zig_wheel", lambda: None)
    script(tmp_path / "cc", "echo no licence; exit 3")
    with pytest.raises(CompilerNotFound, match=r"cc does not run \(exit status 3: no licence\)"):
        find_compiler({"PATH": str(tmp_path)})


def test_cc_may_hold_arguments_and_quotes(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    program = pretender(folder, "my cc")
    for named in (f"'{program}' -m32", f'"{program}" -m32'):
        found = find_compiler({"PATH": "", "CC": named})
        assert (found.command, found.family, found.name) == ((str(program), "-m32"), "gcc", "gcc 9.9.9")
    assert find_compiler({"PATH": "", "CC": str(program)}).command == (str(program),)


def test_cc_is_looked_up_on_the_path_before_all_others(tmp_path: Path) -> None:
    pretender(tmp_path, "cc")
    program = pretender(tmp_path, "special", "clang version 17.0.6\nTarget: x86_64")
    found = find_compiler({"PATH": str(tmp_path), "CC": "special"})
    assert (found.command, found.family, found.name) == ((str(program),), "clang", "clang 17.0.6")


@pytest.mark.parametrize("named", ["/nowhere/cc", "nosuchcompiler -O3", "'unbalanced", "false", "tcc", "echo", "true"])
def test_a_cc_that_does_not_work_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    pretender(tmp_path, "cc")
    script(tmp_path / "false", "exit 1")
    script(
        tmp_path / "tcc",
        'case "$1" in -E) echo "#define __GNUC__ 4"; echo "#define __TINYC__ 927";; *) echo tcc;; esac',
    )
    script(tmp_path / "echo", 'echo "$@"')
    pretender(tmp_path, "true", "true (GNU coreutils) 9.1\nFree Software Foundation, Inc.")
    with pytest.raises(CompilerNotFound) as raised:
        find_compiler({"PATH": str(tmp_path), "CC": named})
    assert f"CC={named!r}" in str(raised.value)


def test_an_unknown_name_is_asked_for_its_family(tmp_path: Path) -> None:
    body = 'case "$*" in *-dM*) echo "#define __clang__ 1"; echo "#define __GNUC__ 4";; *) echo "icx 2024.1";; esac'
    script(tmp_path / "icx", body)
    assert find_compiler({"PATH": str(tmp_path), "CC": "icx"}).family == "clang"


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("gcc (GCC) 13.2.1 20230801 (Red Hat 13.2.1-1)", "gcc 13.2.1"),
        ("cc (Debian 12.2.0-14+deb12u1) 12.2.0", "gcc 12.2.0"),
        ("gcc-14 (Homebrew GCC 14.2.0) 14.2.0", "gcc 14.2.0"),
        ("gcc", "gcc"),
    ],
)
def test_the_short_name_holds_the_compilers_own_number(version: str, name: str) -> None:
    assert Compiler(("cc",), "gcc", version).name == name


# ---- building


def test_a_library_is_built_and_nothing_else_is_left(compiler: Compiler, tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s a "folder" $HOME'
    folder.mkdir()
    header = tmp_path / "it's for $HOME"  # zig cannot read double quotes in the path of a header
    header.mkdir()
    (header / "mine.h").write_text("#define FORTY 40\n")
    sources = {
        "model.c": f'#include "part.h"\n#include "mine.h"\n{EXPORT}int answer(void) {{ return FORTY + TWO; }}',
        "part.h": "#define TWO 2",
    }
    build_library(compiler, sources, [*FLAGS, "-I", str(header)], folder / "answer.so", main="model.c")
    assert answer(folder / "answer.so") == 42
    assert sorted(path.name for path in folder.iterdir()) == ["answer.so"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder in which not even root may write")
def test_it_works_where_home_and_working_directory_are_read_only(compiler: Compiler, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from ember_infer_native.toolchain import Compiler, build_library\n"
        f"build_library({compiler!r}, {{'m.c': {ANSWER!r}}}, {FLAGS!r}, Path({str(tmp_path / 'a.so')!r}), main='m.c')\n"
    )
    environment = {**os.environ, "HOME": "/proc", "XDG_CACHE_HOME": "/proc", "PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd="/proc", check=True)
    assert answer(tmp_path / "a.so") == 42


def test_what_the_compiler_says_is_in_the_error(compiler: Compiler, tmp_path: Path) -> None:
    lines = "".join(f'#warning "line {i}"\n' for i in range(15)) + "int f(void) { return missing; }\n"
    output = tmp_path / "a.so"
    with pytest.raises(CompileError, match=r"cannot compile model\.c") as raised:
        build_library(compiler, {"model.c": lines}, FLAGS, output, main="model.c")
    error = raised.value
    message = str(error)
    assert "line 0" in message
    assert "missing" in error.output
    assert "missing" not in message
    assert "lines more" in message
    assert "-fvisibility=hidden" in message
    assert "EMBER_KEEP_SOURCES" in message
    assert compiler.name in message
    assert not list(tmp_path.iterdir())
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.command, copy.output) == (message, error.command, error.output)


def test_sources_are_kept_on_demand(compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBER_KEEP_SOURCES", str(tmp_path / "kept"))
    build_library(compiler, {"model.c": ANSWER}, FLAGS, tmp_path / "a.so", main="model.c")
    (kept,) = (tmp_path / "kept").iterdir()
    assert (kept / "model.c").read_text() == ANSWER
    subprocess.run(["sh", "build.sh"], cwd=kept, check=True)
    assert answer(kept / "library.so") == 42
    with pytest.raises(CompileError, match=r"sources: .*kept"):
        build_library(compiler, {"model.c": "not C"}, FLAGS, tmp_path / "b.so", main="model.c")


def test_sources_follow_no_link_that_somebody_else_planted(
    compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, mine = tmp_path / "shared", tmp_path / "mine"
    shared.mkdir()
    mine.mkdir()
    monkeypatch.setenv("EMBER_KEEP_SOURCES", str(shared))
    build_library(compiler, {"model.c": ANSWER}, FLAGS, tmp_path / "a.so", main="model.c")
    (kept,) = shared.iterdir()
    shutil.rmtree(kept)
    kept.symlink_to(mine)
    shared.chmod(0o777)
    with pytest.raises(CompileError, match=r"takes no sources: .*others may write in .*shared"):
        build_library(compiler, {"model.c": ANSWER}, FLAGS, tmp_path / "a.so", main="model.c")
    assert not list(mine.iterdir())


def test_sources_are_nobody_elses_to_read_or_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBER_KEEP_SOURCES", str(tmp_path / "new" / "kept"))
    before = os.umask(0)
    try:
        build_library(find_compiler(), {"model.c": ANSWER}, FLAGS, tmp_path / "a.so", main="model.c")
    finally:
        os.umask(before)
    (kept,) = (tmp_path / "new" / "kept").iterdir()
    for folder in (tmp_path / "new", tmp_path / "new" / "kept", kept):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_sources_that_cannot_be_kept_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBER_KEEP_SOURCES", "/dev/null/kept")
    gcc = Compiler(("gcc",), "gcc", "gcc 1.0")
    with pytest.raises(CompileError, match="EMBER_KEEP_SOURCES='/dev/null/kept'"):
        build_library(gcc, {"model.c": ANSWER}, FLAGS, tmp_path / "a.so", main="model.c")


def test_a_compiler_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    slow = Compiler((str(script(tmp_path / "slow", "sleep 60 & echo started; wait")),), "gcc", "gcc 1.0")
    start = time.monotonic()
    with pytest.raises(CompileError, match=r"not done with model\.c in 1 s") as raised:
        build_library(slow, {"model.c": ANSWER}, (), tmp_path / "a.so", main="model.c", seconds=1.0)
    assert "started" in str(raised.value)
    assert time.monotonic() - start < 50  # the sleep is longer


def test_a_compiler_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    idle = Compiler((str(script(tmp_path / "idle", "exit 0")),), "gcc", "gcc 1.0")
    with pytest.raises(CompileError, match="exit 0"):
        build_library(idle, {"model.c": ANSWER}, (), tmp_path / "a.so", main="model.c")


def test_a_compiler_that_was_removed_meanwhile_is_an_error(tmp_path: Path) -> None:
    gone = Compiler(("/nowhere/gcc",), "gcc", "gcc 1.0")
    with pytest.raises(CompileError, match=r"gcc 1\.0 does not start"):
        build_library(gone, {"model.c": ANSWER}, (), tmp_path / "a.so", main="model.c")


def test_a_disk_that_is_full_for_the_compiler_is_an_os_error(tmp_path: Path) -> None:
    full = script(tmp_path / "full", "echo 'fatal error: error writing to a.s: No space left on device'; exit 1")
    with pytest.raises(OSError, match=r"gcc 1\.0") as raised:
        build_library(Compiler((str(full),), "gcc", "gcc 1.0"), {"m.c": ""}, (), tmp_path / "a.so", main="m.c")
    assert raised.value.errno == errno.ENOSPC


def test_missing_headers_have_their_own_advice(tmp_path: Path) -> None:
    bare = script(tmp_path / "bare", "echo 'm.c:1: fatal error: stdint.h: No such file or directory'; exit 1")
    with pytest.raises(CompileError, match="libc6-dev"):
        build_library(Compiler((str(bare),), "gcc", "gcc 1.0"), {"m.c": ""}, (), tmp_path / "a.so", main="m.c")


@pytest.mark.parametrize("name", ["../m.c", "/m.c", "a b.c", 'a".c', "", "-o.c"])
def test_only_plain_file_names_are_sources(tmp_path: Path, name: str) -> None:
    gcc = Compiler(("gcc",), "gcc", "gcc 1.0")
    with pytest.raises(ValueError, match="plain file name"):
        build_library(gcc, {name: ""}, (), tmp_path / "a.so", main=name)
    with pytest.raises(ValueError, match="not among the sources"):
        build_library(gcc, {"m.c": ""}, (), tmp_path / "a.so", main="n.c")


# ---- weights


def read_back(library: Path, size: int) -> tuple[bytes, int]:
    weights = ctypes.CDLL(str(library)).weights
    weights.restype = ctypes.c_void_p
    address = weights()
    return ctypes.string_at(address, size), address % 64


def test_weights_arrive_whole_aligned_and_quickly(compiler: Compiler, tmp_path: Path) -> None:
    data = random.Random(1).randbytes(1 << 20)
    file = blob_name(data)
    text = incbin_source("w", file) + WEIGHTS
    before = os.times().children_user
    build_library(compiler, {"m.c": text, file: data}, FLAGS, tmp_path / "a.so", main="m.c")
    assert os.times().children_user - before < 5, "0.1 s on an idle machine; numbers in braces take longer than this"
    assert read_back(tmp_path / "a.so", len(data)) == (data, 0)


def test_other_weights_under_the_same_name_are_another_library(compiler: Compiler, tmp_path: Path) -> None:
    # zig's own cache sees the C and not the file: it gave out the first library again.
    text = incbin_source("w", "weights.bin") + WEIGHTS
    for content in (b"first", b"other"):
        library = tmp_path / f"{content.decode()}.so"
        build_library(compiler, {"m.c": text, "weights.bin": content}, FLAGS, library, main="m.c")
        assert read_back(library, len(content)) == (content, 0)
    assert blob_name(b"first") != blob_name(b"other")


def test_the_symbol_stays_inside_the_library(compiler: Compiler, tmp_path: Path) -> None:
    text = incbin_source("w", "weights.bin") + array_source("v", b"more") + WEIGHTS
    build_library(compiler, {"m.c": text, "weights.bin": b"abc"}, ["-O2"], tmp_path / "a.so", main="m.c")
    library = ctypes.CDLL(str(tmp_path / "a.so"))
    assert hasattr(library, "weights")
    assert not hasattr(library, "w")
    assert not hasattr(library, "v")


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", bytes(range(256)) * 3, b'\\"??/\n', b"\x011\x0222\x7f9", random.Random(2).randbytes(100_003)],
    ids=["nothing", "zero", "all", "quotes", "digits", "long"],
)
def test_a_text_of_weights_is_the_same_bytes(tmp_path: Path, data: bytes) -> None:
    gcc = find_compiler()
    build_library(gcc, {"m.c": array_source("w", data) + WEIGHTS}, ["-Wall", "-Werror"], tmp_path / "a.so", main="m.c")
    assert read_back(tmp_path / "a.so", len(data)) == (data, 0)


def test_mach_o_takes_the_weights_too(tmp_path: Path) -> None:
    zig = toolchain._zig_wheel()
    if zig is None:
        skip_or_fail("the ziglang wheel is not installed: pip install 'ember-infer[native]'")
        return
    data = random.Random(3).randbytes(5000)
    (tmp_path / "weights.bin").write_bytes(data)
    (tmp_path / "m.c").write_text(incbin_source("w", "weights.bin") + WEIGHTS)
    caches = {"ZIG_LOCAL_CACHE_DIR": str(tmp_path / "zig"), "ZIG_GLOBAL_CACHE_DIR": str(tmp_path / "zig")}
    command = [zig, "cc", "-target", "aarch64-macos", "-O2", "-c", "m.c", "-o", "m.o"]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, **caches}, check=True)
    assert data in (tmp_path / "m.o").read_bytes()


@pytest.mark.parametrize("file", ['a".bin', "a b.bin", "../w.bin", "a\\n.bin", "", "-w"])
def test_no_path_of_a_user_enters_the_text(file: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        incbin_source("w", file)


@pytest.mark.parametrize("symbol", ["", "1w", "w; int", "ö"])
def test_a_symbol_is_a_name_in_c(symbol: str) -> None:
    with pytest.raises(ValueError, match="no name in C"):
        incbin_source(symbol, "w.bin")


# ---- the processor

X86 = "processor\t: 0\nmodel name\t: A: B\nflags\t\t: fpu avx2 fma avx512f avx512_vnni\nbugs\t\t: taa\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\nCPU part\t: 0xd40\n"
MAC = "hw.optional.arm.FEAT_DotProd: 1\nhw.optional.arm.FEAT_I8MM: 0\nhw.optional.floatingpoint: 1\n"
OLD_MAC = "hw.optional.avx2_0: 1\nhw.optional.avx512f: 0\nhw.optional.fma: 1\n"


def test_the_kernel_says_what_the_processor_can_do() -> None:
    assert toolchain._isa_of_cpuinfo(X86.splitlines(), "x86_64") == {"fpu", "avx2", "fma", "avx512f", "avx512_vnni"}
    assert toolchain._isa_of_cpuinfo(ARM.splitlines(), "aarch64") == {"fp", "asimd", "asimddp", "i8mm"}
    assert toolchain._isa_of_sysctl(MAC, "arm64") == {"asimd", "asimddp"}
    assert toolchain._isa_of_sysctl(OLD_MAC, "x86_64") == {"avx2", "fma"}


def test_under_an_emulator_the_machine_beneath_is_not_believed() -> None:
    assert toolchain._isa_of_cpuinfo(X86.splitlines(), "aarch64") == frozenset()


def test_this_machine_is_known() -> None:
    if sys.platform == "linux" and platform.machine() == "x86_64":
        assert "sse2" in host_isa()
    assert host_isa() is host_isa()
