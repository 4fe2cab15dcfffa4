"""Folders of compiled models: made, added to, never at the cost of what is somebody else's."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from ember_infer_core.errors import ArtifactError, CompileError
from ember_infer_core.program import Program
from ember_infer_native import artifact_build
from ember_infer_native.artifact import MANIFEST, OPERATORS, host_machine
from ember_infer_native.artifact_build import build_artifact
from tests.native.artifact.folders import HOST, PORTABLE, models
from tests.native.files import AS_ROOT


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
