"""Models compiled ahead of time: they run where there is no compiler, and nothing but what was built is ever loaded."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ember_infer_core.dispatch import DispatchExecutable
from ember_infer_core.errors import CompilerNotFound
from ember_infer_core.program import Program
from ember_infer_native import NativeBackend
from ember_infer_native.artifact import MANIFEST, OPERATORS, Artifacts, host_machine
from ember_infer_native.digest import program_digest
from ember_infer_native.targets import TARGETS, named_target
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY, skip_or_fail
from tests.native.artifact.folders import DIGITS, HOST, PORTABLE, answer, edit

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
