"""The types in `stubs/` of packages that ship none: as the packages are, and enough for what is done with them here."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY, skip_or_fail

PACKAGES = ["flatbuffers", "tflite_micro", "ai_edge_litert"]


def test_the_stubs_of_dependencies_say_what_the_packages_have(tmp_path: Path) -> None:
    missing = [package for package in PACKAGES if importlib.util.find_spec(package) is None]
    if missing:
        skip_or_fail(f"not installed: {', '.join(missing)}")
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = true\nmypy_path = stubs\n")
    command = [sys.executable, "-m", "mypy.stubtest", *PACKAGES, "--concise", "--ignore-missing-stub"]
    result = subprocess.run(
        [*command, "--mypy-config-file", str(tmp_path / "mypy.ini")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
