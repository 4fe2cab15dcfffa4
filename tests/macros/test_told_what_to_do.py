"""Slips that people make with model classes are answered with what to write instead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_core import InvalidShape
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY

SINE = REPOSITORY / "models" / "sine.tflite"


@ember_model(SINE)
class Sine(QuantizedModel): ...


FROM_THE_COMMAND_LINE = """
import os, sys
from ember_infer_macros import ember_model
path = os.path.abspath(sys.argv[1]) if "--mended" in sys.argv else sys.argv[1]
@ember_model(path)
class Model: ...
print(Model.input_len())
"""


def test_a_function_is_no_class() -> None:
    def detector() -> None: ...

    decorate: Any = ember_model(SINE)
    with pytest.raises(TypeError, match=r"write `class detector: \.\.\.` below it, not a function"):
        decorate(detector)


def test_scratch_len_needs_a_backend_class() -> None:
    scratch_len: Any = Sine.scratch_len
    with pytest.raises(TypeError, match=r"write scratch_len\[RefBackend\]\(\)"):
        scratch_len()
    with pytest.raises(TypeError, match=r"write scratch_len\[RefBackend\]\(\)"):
        scratch_len(RefBackend)


def test_a_batch_of_real_values_is_told_of_quantize() -> None:
    with pytest.raises(InvalidShape, match=r"int8 is wanted, not dtype float64 \(quantize\(\) makes int8 of real"):
        Sine.predict_batch(RefBackend(), np.zeros((5, 1)))


def test_a_path_from_a_command_line_is_told_how_to_be_found(tmp_path: Path) -> None:
    script = tmp_path / "scripts" / "run.py"
    script.parent.mkdir()
    script.write_text(FROM_THE_COMMAND_LINE)
    (tmp_path / "mine.tflite").write_bytes(SINE.read_bytes())

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), *arguments]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)

    told = run("mine.tflite").stderr.splitlines()[-1]
    assert "a relative path counts from run.py, which holds class Model" in told
    assert "'mine.tflite' is in the working directory: give os.path.abspath(path)" in told
    assert "working directory" not in run("nowhere.tflite").stderr
    assert run("mine.tflite", "--mended").stdout == "1\n"
