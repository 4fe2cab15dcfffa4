from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from ember_infer_firmware import FirmwareBackend
from ember_infer_native.toolchain import Compiler
from tests.conftest import skip_or_fail


@pytest.fixture(scope="session")
def firmware(compiled_models: Path, c_compiler: Compiler) -> FirmwareBackend:
    """The backend, over the run's cache of compiled models."""
    return FirmwareBackend(cache=compiled_models)


@pytest.fixture(scope="session")
def cmsis_nn(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the library's sources."""
    return unpacked(shared / "cmsis_nn", "cmsis-nn", tmp_path_factory.mktemp("CMSIS-NN für uns"))


@pytest.fixture(scope="session")
def esp_nn(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the library's sources."""
    return unpacked(shared / "esp_nn", "esp-nn", tmp_path_factory.mktemp("ESP NN"))


def unpacked(archives: Path, name: str, folder: Path) -> Path:
    """The sources of a library, of which there is an archive."""
    found = list(archives.glob(f"{name}-*.tar.gz"))
    if len(found) != 1:
        skip_or_fail(f"{len(found)} archives of {name} in {archives}")
    with tarfile.open(found[0]) as packed:
        packed.extractall(folder, filter="data")
    return folder / name
