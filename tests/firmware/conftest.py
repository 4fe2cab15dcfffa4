from __future__ import annotations

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
