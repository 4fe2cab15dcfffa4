from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from ember_infer_core.errors import CompilerNotFound
from ember_infer_firmware import FirmwareBackend
from ember_infer_native.toolchain import Compiler, find_compiler
from tests.conftest import skip_or_fail


@pytest.fixture(scope="session")
def c_compiler() -> Compiler:
    """The machine's C compiler."""
    try:
        return find_compiler()
    except CompilerNotFound as error:
        skip_or_fail(str(error))
        raise


@pytest.fixture(scope="session")
def firmware(compiled_models: Path, c_compiler: Compiler) -> FirmwareBackend:
    """The backend, over the run's cache of compiled models."""
    return FirmwareBackend(cache=compiled_models)


@pytest.fixture(scope="session")
def cmsis_nn(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the library's sources."""
    folder = tmp_path_factory.mktemp("CMSIS-NN für uns")
    (archive,) = (shared / "cmsis_nn").glob("cmsis-nn-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / "cmsis-nn"


@pytest.fixture(scope="session")
def esp_nn(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the library's sources."""
    folder = tmp_path_factory.mktemp("ESP NN")
    archives = list((shared / "esp_nn").glob("esp-nn-*.tar.gz"))
    if not archives:
        skip_or_fail(f"no ESP-NN in {shared}")
    with tarfile.open(archives[0]) as packed:
        packed.extractall(folder, filter="data")
    return folder / "esp-nn"
