"""A damaged artifact is refused by name, and nothing is compiled in its place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ember_infer_core.dispatch import DispatchExecutable
from ember_infer_core.errors import ArtifactError, KernelError
from ember_infer_core.program import Program
from ember_infer_native import NativeBackend
from ember_infer_native.artifact import FORMAT, MANIFEST, host_machine
from ember_infer_native.artifact_build import build_artifact
from ember_infer_native.library import ABI
from tests.native.artifact.folders import HOST, edit
from tests.native.files import flip


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


NOT_LIBRARIES = json.dumps({"format": FORMAT, "abi": ABI, "libraries": 3})


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"format": 1}', NOT_LIBRARIES])
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
