"""Fixtures that several tests of the tools want."""

from __future__ import annotations

import importlib.util

import pytest

from ember_infer_core import Program
from ember_infer_macros import load_program
from tests.conftest import skip_or_fail
from tests.tools.comparing import DIGITS


@pytest.fixture(scope="module")
def litert() -> None:
    """LiteRT's wheel is installed."""
    if importlib.util.find_spec("ai_edge_litert") is None:
        skip_or_fail("LiteRT is not installed: pip install 'ember-infer[litert]'")


@pytest.fixture(scope="module")
def esp() -> None:
    """The distribution of the ESP32 backend is installed."""
    if importlib.util.find_spec("ember_esp") is None:
        skip_or_fail("ember_esp is not installed: pip install ./ember_esp")


@pytest.fixture(scope="module")
def digits() -> Program:
    return load_program(DIGITS)
