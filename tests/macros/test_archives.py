"""Models inside zip archives and packages: wherever a module may be imported from, its model is beside it."""

from __future__ import annotations

import importlib
import importlib.resources
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ember_infer_core import ModelError
from ember_infer_macros import QuantizedModel, ember_model, load_program
from tests.conftest import REPOSITORY

SINE = REPOSITORY / "models" / "sine.tflite"
MODULE = 'from ember_infer_macros import ember_model\n@ember_model("{path}")\nclass Sine: ...\n'
BESIDE = {"zipped_sine/__init__.py": MODULE.format(path="sine.tflite")}
ABOVE = {
    "zipped_sine/__init__.py": "from .inner.models import Sine\n",
    "zipped_sine/inner/__init__.py": "",
    "zipped_sine/inner/models.py": MODULE.format(path="../sine.tflite"),
}


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "application.zip"
    monkeypatch.syspath_prepend(path)
    yield path
    for name in [name for name in sys.modules if name.split(".")[0] == "zipped_sine"]:
        del sys.modules[name]


def write(archive: Path, sources: dict[str, str], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(archive, "w", compression) as file:
        file.write(SINE, "zipped_sine/sine.tflite")
        for name, text in sources.items():
            file.writestr(name, text)


@pytest.mark.parametrize("sources", [BESIDE, ABOVE], ids=["beside", "above"])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_module_in_an_archive_has_its_model_there(archive: Path, sources: dict[str, str], compression: int) -> None:
    write(archive, sources, compression)
    sine = importlib.import_module("zipped_sine").Sine
    assert issubclass(sine, QuantizedModel)
    assert sine.input_len() == 1


@pytest.mark.parametrize("where", ["an archive", "a folder"])
def test_a_file_of_a_package_can_be_loaded(archive: Path, where: str) -> None:
    sources = {"zipped_sine/__init__.py": ""}
    write(archive, sources)
    if where == "a folder":
        folder = archive.with_name("unpacked")
        zipfile.ZipFile(archive).extractall(folder)
        archive.unlink()
        sys.path.insert(0, str(folder))  # the fixture's monkeypatch puts the path back
    resource = importlib.resources.files("zipped_sine") / "sine.tflite"
    assert load_program(resource).name == "sine"

    @ember_model(resource)
    class Sine(QuantizedModel): ...

    assert Sine.output_len() == 1
    with pytest.raises(ModelError, match=r"nowhere\.tflite: no such file"):
        load_program(importlib.resources.files("zipped_sine") / "nowhere.tflite")


def test_a_path_may_lead_into_an_archive(archive: Path) -> None:
    write(archive, {})
    assert load_program(archive / "zipped_sine/sine.tflite").arena_len == load_program(SINE).arena_len
    with pytest.raises(ModelError, match=r"nowhere\.tflite: no such file"):
        load_program(archive / "nowhere.tflite")


def test_a_path_through_another_file_is_no_such_file() -> None:
    with pytest.raises(ModelError, match="no such file"):
        load_program(SINE / "sine.tflite")


def test_a_damaged_archive_is_a_model_error(archive: Path) -> None:
    write(archive, {})
    content = bytearray(archive.read_bytes())
    content[200] ^= 0xFF  # within the model, which a checksum covers
    archive.write_bytes(content)
    for source in (archive / "zipped_sine/sine.tflite", zipfile.Path(archive, "zipped_sine/sine.tflite")):
        with pytest.raises(ModelError, match=r"cannot be read.*CRC"):
            load_program(source)


def test_an_archive_that_unpacks_without_end_is_refused(archive: Path) -> None:
    write(archive, {})
    content = archive.read_bytes()
    entry = content.index(b"PK\x01\x02")  # of the central directory: bytes 24 to 28 are the size when unpacked
    archive.write_bytes(content[: entry + 24] + (2**30).to_bytes(4, "little") + content[entry + 28 :])
    with pytest.raises(ModelError, match="larger than 512 MiB: unpack the archive"):
        load_program(archive / "zipped_sine/sine.tflite")


@pytest.mark.parametrize("how", ["a path", "a file of a package"])
def test_of_what_is_no_model_only_the_beginning_is_unpacked(
    how: str, archive: Path, limited_memory: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("film.tflite", bytes(1 << 26))
    unpacked: list[int] = []
    read = zipfile.ZipExtFile.read

    def noted(file: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        content = read(file, n)
        unpacked.append(len(content))
        return content

    monkeypatch.setattr(zipfile.ZipExtFile, "read", noted)
    source = archive / "film.tflite" if how == "a path" else zipfile.Path(archive, "film.tflite")
    with pytest.raises(ModelError, match="not a TensorFlow Lite model: the identifier"):
        load_program(source)
    assert sum(unpacked) < 100


def test_a_file_of_a_package_that_unpacks_without_end_is_refused(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ember_infer_macros.tflite.archive._MOST_UNPACKED_BYTES", 1 << 20)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("long.tflite", SINE.read_bytes() + bytes(1 << 21))
    with pytest.raises(ModelError, match="larger than 512 MiB"):
        load_program(zipfile.Path(archive, "long.tflite"))


def test_what_is_neither_path_nor_file_nor_bytes_is_a_type_error() -> None:
    model: Any = 3
    with pytest.raises(TypeError, match="a path, a file of a package or the bytes of one, not 3"):
        load_program(model)
