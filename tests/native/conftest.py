from __future__ import annotations

from pathlib import Path

import pytest

from ember_infer_native import NativeBackend
from ember_infer_native.toolchain import Compiler


@pytest.fixture(scope="session")
def native_cache(c_compiler: Compiler, compiled_models: Path) -> Path:
    """The run's cache of compiled models, where there is a compiler to fill it."""
    return compiled_models


@pytest.fixture(scope="session")
def native(native_cache: Path) -> NativeBackend:
    """The backend for this processor's best target."""
    return NativeBackend(cache=native_cache)
