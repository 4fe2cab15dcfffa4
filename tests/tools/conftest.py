"""Fixtures that several tests of the tools want."""

from __future__ import annotations

import importlib.util

import pytest

from ember_infer_core import CompilerNotFound, Program
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from ember_infer_native.toolchain import find_compiler
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


@pytest.fixture(scope="module")
def compiler() -> None:
    """There is a C compiler."""
    try:
        find_compiler()
    except CompilerNotFound as error:
        skip_or_fail(str(error))


@pytest.fixture(scope="module")
def native(compiler: None, tmp_path_factory: pytest.TempPathFactory) -> NativeBackend:
    return NativeBackend(cache=tmp_path_factory.mktemp("cache"))
