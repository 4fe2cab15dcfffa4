"""What ``docs/backends.md`` tells a backend's author to type does what it says there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.docs.pages import blocks

BLOCKS = [one.content for one in blocks(REPOSITORY / "docs/backends.md") if one.kind == "python"]


def block(beginning: str) -> str:
    """The one block with this in it that is not a part of a class."""
    (found,) = [one for one in BLOCKS if beginning in one and not one.startswith(" ")]
    return found


def run(folder: Path, *command: str) -> str:
    result = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, cwd=folder)
    return result.stdout + result.stderr


def conformance(folder: Path, operator: str) -> str:
    suite = ("-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", "--pyargs", "ember_infer_core.conformance")
    return run(folder, *suite, "--backend=mykernels:backend", "-k", operator)


def test_the_first_kernel_runs_a_model_but_does_not_conform(tmp_path: Path) -> None:
    (tmp_path / "mykernels.py").write_text(block("np.rint(sums * scale)"))
    (tmp_path / "sine.tflite").write_bytes((REPOSITORY / "models/sine.tflite").read_bytes())
    (tmp_path / "use.py").write_text(block("class SineModel"))
    assert run(tmp_path, "use.py") == "1.0\n"
    printed = conformance(tmp_path, "fully_connected")
    assert "likely         scaled in floating point and rounded half to even (explains 18 of 18 wrong calls" in printed
    assert "wrong dtype must raise InvalidShape" in printed
    assert "fused activation TANH must raise UnsupportedActivation" in printed


@pytest.mark.parametrize("operator", ["fully_connected", "depthwise"])
def test_the_mended_kernels_conform(tmp_path: Path, operator: str) -> None:
    mended, scratch = block("def requantize"), block("class WithDepthwise")
    source = mended.replace(
        "FallbackBackend(MyKernels(), RefBackend())", "FallbackBackend(WithDepthwise(), RefBackend())"
    )
    source = source if operator == "depthwise" else mended
    (tmp_path / "mykernels.py").write_text(f"{source}\n\n{scratch}")
    assert "mykernels:backend: conforms" in conformance(tmp_path, operator)
