"""The arena next to TensorFlow Lite Micro's own."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from ember_infer_core import ModelWarning, Program
from ember_infer_core.slots import Role
from ember_infer_macros import load_program

_PRINT_ALLOCATIONS = """
import sys
from tflite_micro import runtime
runtime.Interpreter.from_file(sys.argv[1], arena_size=1_000_000).print_allocations()
"""


def load(path: Path) -> Program:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        return load_program(path)


@pytest.mark.parametrize("name", ["sine", "speech", "person_detect"])
def test_activations_take_no_more_than_in_tflm(shared: Path, tflm_wheel: None, name: str) -> None:
    path = shared / "models" / f"{name}.tflite"
    command = [sys.executable, "-c", _PRINT_ALLOCATIONS, str(path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    head = re.search(r"Arena allocation head (\d+) bytes", printed)
    assert head, printed
    assert 0 < load(path).arena_len <= int(head[1])


def test_live_tensors_of_a_real_model_never_overlap(shared: Path) -> None:
    program = load(shared / "models" / "person_detect.tflite")
    for call in program.calls:
        (written,) = call.tensors(Role.OUTPUT)
        for read in call.tensors(Role.INPUT):
            first, second = sorted(
                (program.offsets[index], program.offsets[index] + program.tensors[index].size)
                for index in (written, read)
            )
            assert first[1] <= second[0]
