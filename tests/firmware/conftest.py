from __future__ import annotations

from pathlib import Path

import pytest

from ember_infer_core.errors import CompilerNotFound
from ember_infer_firmware import FirmwareBackend
from tests.conftest import skip_or_fail


@pytest.fixture(scope="session")
def firmware(compiled_models: Path) -> FirmwareBackend:
    """The backend, over the run's cache of compiled models."""
    try:
        return FirmwareBackend(cache=compiled_models)
    except CompilerNotFound as error:
        skip_or_fail(str(error))
        raise
