"""``make dist`` finds what is forgotten, what came along, and which Pythons there are."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from scripts.distributions.__main__ import DISTRIBUTIONS, Table
from scripts.distributions.contents import differences, sdist_problems, wheel_files, wheel_problems
from scripts.distributions.pythons import pythons, supported
from tests.conftest import REPOSITORY

SOURCE = ["README.md", "pack/__init__.py", "pack/py.typed", "pack/kernels/add.h", "pack_tools/cli.py", "tests/test.py"]
PACKED = ["pack/__init__.py", "pack/py.typed", "pack/kernels/add.h", "pack_tools/cli.py", "pack-1.dist-info/METADATA"]


def test_a_wheel_has_all_files_of_its_packages() -> None:
    assert wheel_problems(PACKED, SOURCE, "pack") == []
    assert wheel_problems([name for name in PACKED if not name.endswith(".h")], SOURCE, "pack") == [
        "missing: pack/kernels/add.h"
    ]
    assert wheel_problems([*PACKED, "pack/__pycache__/a.pyc"], SOURCE, "pack") == ["too many: pack/__pycache__/a.pyc"]


def test_packages_may_lie_deeper_than_in_the_wheel() -> None:
    source = [f"src/{name}" for name in SOURCE if name.startswith("pack/")]
    assert wheel_problems([name for name in PACKED if name.startswith("pack/")], source, "src/pack") == []


def test_of_many_missing_files_the_first_are_named_and_the_others_counted() -> None:
    problems = wheel_problems([], [f"pack/{number}.h" for number in range(9)], "pack")
    assert len(problems) == 6
    assert problems[-1] == "missing: and 4 more"


def test_an_sdist_is_what_is_under_version_control(tmp_path: Path) -> None:
    sdist = tmp_path / "pack-1.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        for name in ("PKG-INFO", "README.md", ".cache/data.bin"):
            archive.addfile(tarfile.TarInfo(f"pack-1/{name}"), io.BytesIO())
    assert sdist_problems(sdist, ["README.md", "LICENSE"]) == ["missing: LICENSE", "too many: .cache/data.bin"]


def test_two_wheels_differ_in_names_or_content(tmp_path: Path) -> None:
    for number in (1, 2):
        with zipfile.ZipFile(tmp_path / f"{number}.whl", "w") as archive:
            archive.writestr("same.py", "same")
            archive.writestr("other.py", str(number))
            archive.writestr(f"{number}.py", "")
    one, other = wheel_files(tmp_path / "1.whl"), wheel_files(tmp_path / "2.whl")
    assert differences(one, one) == []
    assert differences(one, other) == ["missing: 2.py", "too many: 1.py", "differs: other.py"]


@pytest.mark.skipif(os.name == "nt", reason="the wrapper is a shell script")
def test_a_python_is_one_that_runs_and_is_of_that_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = f"{sys.version_info.major}.{sys.version_info.minor}"
    for name, command in ((f"python{mine}", f'exec "{sys.executable}"'), ("python3.99", "exit 127")):
        (tmp_path / name).write_text(f'#!/bin/sh\n{command} "$@"\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert pythons([mine, "3.99", "3.98"]) == {mine: str(tmp_path / f"python{mine}"), "3.99": None, "3.98": None}


def test_supported_pythons_are_those_of_the_metadata() -> None:
    found = [supported((folder / "pyproject.toml").read_text(encoding="utf-8")) for folder, _ in DISTRIBUTIONS.values()]
    assert found == [["3.10", "3.11", "3.12", "3.13", "3.14"]] * 2
    assert 'requires-python = ">=3.10"' in (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")


def test_a_fault_is_a_row_of_the_table_and_the_end_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    def wrong() -> str:
        raise RuntimeError("missing: pack/py.typed")

    table = Table()
    table.check("pack", "looked at", lambda: "")
    assert not table.failed
    table.check("other pack", "looked at", wrong)
    table.show()
    assert table.failed
    printed = capsys.readouterr().out
    assert "missing: pack/py.typed" in printed
    assert printed.endswith("pack        looked at  ok\nother pack  looked at  FAILED\n")
