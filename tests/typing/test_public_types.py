"""What the packages promise to type checkers is there, complete, and what runs."""

from __future__ import annotations

import importlib
import subprocess
import sys
import types
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.effort import left_to_ci
from tests.test_imports import PACKAGES, folder
from tests.typing.checkers import type_completeness
from tests.typing.conftest import CONFIGURATION

ALLOWLIST = Path(__file__).parent / "stubtest_allowlist.txt"

pytestmark = left_to_ci


@pytest.mark.parametrize("package", PACKAGES)
def test_the_public_names_of_a_package_are_its_all(package: str) -> None:
    module = importlib.import_module(package)
    found = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert found - {"annotations", "TYPE_CHECKING", "Any"} <= set(module.__all__)
    assert list(module.__all__) == sorted(module.__all__, key=_linter_order)
    assert (folder(package) / "py.typed").exists()


def _linter_order(name: str) -> tuple[bool, str]:
    """Constants first, as ruff has it; classes are before functions anyway."""
    return not name.isupper(), name


def test_stubtest_finds_no_difference_between_declared_and_real(tmp_path: Path) -> None:
    (tmp_path / "mypy.ini").write_text(CONFIGURATION + "mypy_path = stubs\nignore_missing_imports = true\n")
    result = subprocess.run(
        [
            *(sys.executable, "-m", "mypy.stubtest", *PACKAGES, "examples.typed.models", "--concise"),
            *("--mypy-config-file", str(tmp_path / "mypy.ini")),
            *("--allowlist", str(ALLOWLIST), "--ignore-unused-allowlist"),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("package", PACKAGES)
def test_pyright_knows_every_public_type(package: str) -> None:
    completeness = type_completeness(package)
    incomplete = [
        symbol["name"]
        for symbol in completeness["symbols"]
        if symbol["isExported"] and (not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"])
    ]
    assert incomplete == []
    assert completeness["completenessScore"] == 1
