"""SOFTMAX of so many classes that their exponentials sum to 512 and more, and other sums that are longer than a
microcontroller's memory.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ember_infer_core import Program
from ember_infer_firmware.boards import board_named, run_model
from ember_infer_firmware.plan import plan_program
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter
from tests.firmware.programs import board_tools
from tests.firmware.test_sanitizers import SANITIZED
from tests.firmware.unity import Trial, assert_equal_to_reference, build, run
from tests.support.debian import debian_program

CLASSES = (511, 512, 1000, 8192, 8193, 20_000)


def softmax(classes: int) -> Program:
    writer = ModelWriter()
    x = writer.tensor("x", (2, classes), scale=0.5)
    y = writer.tensor("y", (2, classes), scale=1 / 256, zero_point=-128)
    writer.softmax(x, y)
    return load_program(writer.finish([x], [y]))


def total(operator: str, count: int) -> Program:
    writer = ModelWriter()
    x = writer.tensor("x", (1, count), scale=0.5)
    axes = writer.tensor("axes", (1,), "int32", data=np.array([1], np.int32))
    y = writer.tensor("y", (1,), scale=0.5, zero_point=5)
    writer.operator(operator, [x, axes], [y])
    return load_program(writer.finish([x], [y]))


def pool(size: int) -> Program:
    writer = ModelWriter()
    x = writer.tensor("x", (1, size, size, 1), scale=0.5)
    y = writer.tensor("y", (1, 1, 1, 1), scale=0.5)
    writer.average_pool_2d(x, y, filter_height=size, filter_width=size, stride_h=1, stride_w=1, padding="VALID")
    return load_program(writer.finish([x], [y]))


def all_alike(program: Program, value: int) -> Trial:
    (index,) = program.inputs
    return Trial(program, [[np.full(program.tensors[index].shape, value, np.int8)]])


def nearly_alike(classes: int) -> Trial:
    """A row that sums to about 512, and one of which one class stands out."""
    rows = np.full((2, classes), 7, np.int8)
    rows[0, 400:] = 5
    rows[1, 3] = 40
    return Trial(softmax(classes), [[rows]])


def test_sums_of_any_length_are_the_reference_s(tmp_path: Path) -> None:
    trials = [all_alike(softmax(classes), 7) for classes in CLASSES] + [nearly_alike(classes) for classes in CLASSES]
    trials += [all_alike(total(operator, 17_000_000), -128) for operator in ("MEAN", "SUM")]
    trials += [all_alike(pool(4200), value) for value in (-128, 127)]
    results = run(build(trials, [debian_program("gcc", "gcc"), *SANITIZED], tmp_path), trials)
    for trial, found in zip(trials, results, strict=True):
        assert_equal_to_reference(trial, found)


@pytest.mark.parametrize("board_name", ["m4", "rv32"])
def test_every_class_of_a_thousand_alike_is_the_least(board_name: str) -> None:
    """Where a shift by 32 is another thing on every processor."""
    board, program = board_named(board_name), softmax(1000)
    board_tools(board)
    rows = np.full((1, 2, 1000), 7, np.int8)
    (found,) = run_model(board, plan_program(program, "model", "reference"), [rows]).outputs
    executable = RefBackend().compile(program)
    executable.inputs[0][...] = rows[0]
    executable.run()
    assert (found == executable.outputs[0]).all()
    assert (found == -128).all()


def test_cmsis_nn_is_not_asked_where_it_shifts_too_far() -> None:
    names = [next(plan_program(softmax(classes), "model", "cmsis-nn").steps()).kernel.name for classes in (511, 512)]
    assert names == ["cmsis_nn_softmax", "softmax"]
