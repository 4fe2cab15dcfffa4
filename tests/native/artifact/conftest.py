from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ember_infer_core.program import Program
from ember_infer_macros.decorator import load_program
from ember_infer_native import artifact_build, toolchain
from ember_infer_native.artifact import host_machine
from ember_infer_native.artifact_build import build_artifact
from ember_infer_native.toolchain import Compiler
from tests.native.artifact.folders import DIGITS, HOST, SINE


@pytest.fixture(scope="session")
def digits() -> Program:
    return load_program(DIGITS)


@pytest.fixture(scope="session")
def sine() -> Program:
    return load_program(SINE)


@pytest.fixture(scope="session")
def built(digits: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """digits, for the best target of this machine."""
    folder = tmp_path_factory.mktemp("artifact") / "compiled models"
    build_artifact([digits], folder, [HOST], host_machine())
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return shutil.copytree(built, tmp_path / "copy")


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(toolchain, "_zig_wheel", lambda: None)


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """A compiler that writes down its flags and makes a library of the source."""
    called: list[Sequence[str]] = []

    def build(
        compiler: Compiler, sources: Mapping[str, str | bytes], flags: Sequence[str], output: Path, *, main: str
    ) -> None:
        called.append(flags)
        output.write_bytes(repr(sorted(sources.items())).encode())

    monkeypatch.setattr(artifact_build, "find_compiler", lambda *_, **__: Compiler(("cc",), "gcc", "gcc 1.2.3"))
    monkeypatch.setattr(artifact_build, "build_library", build)
    return called
