"""The interpreter that is replaced, for several files of tests."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import pytest

from tests.conftest import skip_or_fail


@pytest.fixture(scope="module")
def litert() -> Any:
    """LiteRT's own module."""
    if importlib.util.find_spec("ai_edge_litert") is None:
        skip_or_fail("LiteRT is not installed: pip install 'ember-infer[litert]'")
    return importlib.import_module("ai_edge_litert.interpreter")
