"""What benchmarks.firmware measures stays where TensorFlow Lite Micro's reference kernels are left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.firmware import TFLM, measure
from ember_infer_firmware.boards import board_named
from ember_infer_macros import load_program
from tests.firmware.programs import board_tools
from tests.support.effort import left_to_ci

pytestmark = [
    pytest.mark.parametrize("board_name", ["m4", "m55"]),
    pytest.mark.parametrize("model", ["sine", "speech", "person_detect"]),
    pytest.mark.filterwarnings("ignore::ember_infer_core.ModelWarning"),
]


@left_to_ci
def test_a_tenth_of_the_code_and_a_third_of_the_instructions(shared: Path, model: str, board_name: str) -> None:
    board = board_named(board_name)
    board_tools(board)
    ours = measure(load_program(shared / "models" / f"{model}.tflite"), board)
    theirs = TFLM[model, board_name, "reference"]
    assert ours.code <= theirs.code / 10
    assert ours.instructions <= theirs.instructions / 3
    assert ours.constants < theirs.constants
    assert ours.arena < theirs.arena
    assert ours.stack < theirs.stack


@left_to_ci
def test_with_cmsis_nn_half_of_the_code_and_no_more_instructions(
    shared: Path, cmsis_nn: Path, model: str, board_name: str
) -> None:
    board = board_named(board_name)
    board_tools(board)
    ours = measure(load_program(shared / "models" / f"{model}.tflite"), board, "cmsis-nn", cmsis_nn)
    theirs = TFLM[model, board_name, "cmsis-nn"]
    assert ours.code <= theirs.code / 2
    assert ours.instructions <= theirs.instructions
    assert ours.constants < theirs.constants
    assert ours.arena < theirs.arena
    assert ours.stack < theirs.stack
