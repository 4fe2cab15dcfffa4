"""A damaged artifact is refused by name, and nothing is compiled in its place."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ember_infer_core.dispatch import DispatchExecutable
from ember_infer_core.errors import ArtifactError, InternalError, KernelError
from ember_infer_core.program import Program
from ember_infer_native import NativeBackend
from ember_infer_native.artifact import MANIFEST, host_machine
from ember_infer_native.artifact_build import build_artifact
from ember_infer_native.library import ABI
from ember_infer_native.toolchain import build_library, find_compiler
from tests.native.artifact.folders import HOST, edit
from tests.native.files import flip


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def make_a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_a_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def make_it_endless(path: Path) -> None:
    os.truncate(path, 1 << 40)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (flip, "its checksum is not"),
        (cut, "its checksum is not"),
        (make_it_endless, "its checksum is not"),
        (Path.unlink, "No such file"),
        (make_a_fifo, "not a regular file"),
        (make_a_device, "not a regular file"),
    ],
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


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (make_a_fifo, "not a regular file"),
        (make_a_device, "not a regular file"),
        (make_it_endless, "longer than 16777216 bytes"),
    ],
)
def test_a_manifest_that_has_no_end_is_not_read(folder: Path, damage: Callable[[Path], None], told: str) -> None:
    damage(folder / MANIFEST)
    with pytest.raises(ArtifactError, match=f"{MANIFEST} is damaged: {told}"):
        NativeBackend(artifacts=folder)


def test_a_library_without_our_functions_is_said_to_be_none(folder: Path, digits: Program, tmp_path: Path) -> None:
    text = f'__attribute__((visibility("default"))) int ember_abi(void) {{ return {ABI}; }}'
    library = tmp_path / "library.so"
    build_library(find_compiler(), {"m.c": text}, ["-O1"], library, main="m.c")
    content = library.read_bytes()

    def replace(entry: dict[str, Any]) -> None:
        (folder / entry["file"]).write_bytes(content)
        entry.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())

    edit(folder, replace)
    backend = NativeBackend(artifacts=folder)
    for use in (lambda: backend.compile(digits), lambda: DispatchExecutable(backend, digits).run()):
        with pytest.raises(InternalError, match="not a library of this version of Ember Infer; build it again"):
            use()


NO_LIBRARIES = json.dumps({"format": 1, "abi": ABI, "libraries": 3})


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"format": 1}', NO_LIBRARIES, "[" * 100_000])
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
