"""Comparing models that keep state: over a sequence, with a fault told apart from what is inherited from one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import ComparisonError, RecordingBackend
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from ember_infer_ref import RefBackend
from ember_infer_tools.compare import compare
from ember_infer_tools.tflite_writer import ModelWriter
from tests.operators.test_circular_buffer import Stream
from tests.support.stateful_models import running_sum, two_variables
from tests.tools.comparing import DIGITS, REF, command, shown

Int8Array = npt.NDArray[np.int8]
TRIGGER = 100


class WrongAt(RefBackend):
    """ADD is wrong by one in its first element whenever its second operand begins with ``TRIGGER``."""

    def add(self, params: Any) -> None:
        super().add(params)
        if params.input2.reshape(-1)[0] == TRIGGER:
            params.output.reshape(-1)[0] ^= 1


def feedback() -> bytes:
    """``early = x + memory``, ``late = early + x``, which is kept: a fault in the late layer reaches the early one a
    step later.
    """
    writer = ModelWriter()
    x = writer.tensor("x", (1, 4), scale=0.5)
    handle = writer.tensor("handle", (), "resource")
    memory, early, late = (writer.tensor(name, (1, 4), scale=0.5) for name in ("memory", "early", "late"))
    writer.operator("VAR_HANDLE", [], [handle], shared_name="memory")
    writer.operator("READ_VARIABLE", [handle], [memory])
    writer.add(x, memory, early)
    writer.add(early, x, late)
    writer.operator("ASSIGN_VARIABLE", [handle, late], [])
    return writer.finish([x], [late])


def written_twice() -> bytes:
    """One variable, read and assigned twice in a run."""
    writer = ModelWriter()
    x = writer.tensor("x", (1, 4), scale=0.5)
    handle = writer.tensor("handle", (), "resource")
    writer.operator("VAR_HANDLE", [], [handle], shared_name="memory")
    value = x
    for time in range(2):
        read, total = (writer.tensor(f"{name}{time}", (1, 4), scale=0.5) for name in ("read", "total"))
        writer.operator("READ_VARIABLE", [handle], [read])
        writer.add(value, read, total)
        writer.operator("ASSIGN_VARIABLE", [handle, total], [])
        value = total
    return writer.finish([x], [value])


def sequence(*firsts: int) -> Int8Array:
    """Steps of four elements, of which the first is given."""
    steps = np.ones((len(firsts), 4), np.int8)
    steps[:, 0] = firsts
    return steps


@pytest.mark.parametrize("model", [running_sum(initial=7), running_sum(-128), feedback(), written_twice()])
@pytest.mark.parametrize("sides", [(REF, "tflm"), ("tflm", REF)])
def test_sides_that_agree_are_equal_over_a_sequence_in_every_layer(
    tflm_wheel: None, model: bytes, sides: tuple[str, str]
) -> None:
    found = compare(model, *sides, steps=20)
    assert (found.is_stateful, found.samples, found.equal, found.notes) == (True, 20, True, ())
    assert all(layer.difference is not None for layer in found.layer_by_layer)
    assert "20 steps (random, seed 0)" in shown(found)


def test_variables_without_any_layer_are_compared_by_the_outputs(tflm_wheel: None) -> None:
    found = compare(two_variables(), REF, "tflm", steps=5)
    assert found.equal
    assert [output.elements for output in found.outputs] == [30, 30]


def test_litert_goes_through_the_same_sequence(litert: None) -> None:
    """With a start of the model's own: LiteRT leaves variables without one as they come."""
    assert compare(running_sum(initial=7), REF, "litert", np.eye(4, dtype=np.int8)).equal


def test_native_backend_goes_through_the_same_sequence() -> None:
    found = compare(written_twice(), REF, NativeBackend(), steps=20)
    assert found.equal
    assert all(layer.difference is not None for layer in found.layer_by_layer)


def test_an_inherited_difference_is_no_fault_of_the_layer() -> None:
    """The fault is in one step; all later ones differ by what it has left in the variable."""
    found = compare(feedback(), RefBackend(), WrongAt(), sequence(1, 2, TRIGGER, -3, -4, -5))
    assert found.first_faulty is not None
    assert (found.first_faulty.layer, found.first_faulty.first_sample) == ("late", 2)
    alone = {layer.layer: layer.difference.different for layer in found.layer_by_layer if layer.difference}
    whole = {layer.layer: layer.difference.different for layer in found.end_to_end if layer.difference}
    assert alone == {"early": 0, "late": 1}
    assert whole == {"early": 3, "late": 4}


def test_the_first_layer_is_that_of_the_first_step() -> None:
    """``early`` comes before ``late`` and differs too, but a step later."""
    found = compare(feedback(), RefBackend(), WrongAt(), sequence(1, TRIGGER, -3))
    assert found.first_different is not None
    assert (found.first_different.layer, found.first_different.first_sample) == ("late", 1)
    text = shown(found)
    assert "First layer that differs on the same input and state (that of A): late, in step 1" in text
    assert "First layer that differs end to end: late, in step 1" in text
    assert "first:   step 1, element (0, 0): A " in text


def test_the_reference_may_be_the_interpreter_whose_state_nobody_sees(tflm_wheel: None) -> None:
    found = compare(feedback(), "tflm", WrongAt(), sequence(1, TRIGGER, -3))
    assert found.first_faulty is not None
    assert (found.first_faulty.layer, found.first_faulty.first_sample) == ("late", 1)


def test_dumps_of_steps_tell_the_state_that_a_layer_met(tmp_path: Path) -> None:
    """The device's own tensors: its second layer is wrong in one step, its first one never."""
    model, steps = feedback(), sequence(1, TRIGGER, -3, -4)
    recording = RecordingBackend(WrongAt(), keep=len(steps))
    executable = recording.compile(load_program(model))
    for step in steps:
        executable.inputs[0][...] = step
        executable.run()
    for number, name in enumerate(("early", "late")):
        np.save(tmp_path / f"{name}.npy", np.stack([run.layers[number].outputs["output"] for run in recording.runs]))
    found = compare(model, REF, f"dumps:{tmp_path}", steps)
    assert found.first_different is not None
    assert (found.first_different.layer, found.first_different.first_sample) == ("late", 1)
    fed_by_the_device = compare(model, f"dumps:{tmp_path}", REF, steps)
    alone = {layer.layer: layer.difference.different for layer in fed_by_the_device.layer_by_layer if layer.difference}
    assert alone == {"early": 0, "late": 1}


class ForgetsToShift(RefBackend):
    """CIRCULAR_BUFFER whose first row stays: what it gives is right until the oldest row should have gone."""

    def circular_buffer(self, params: Any) -> None:
        first = params.state[:, 0].copy()
        super().circular_buffer(params)
        params.state[:, 0] = first


@pytest.mark.parametrize("sides", [(REF, "tflm"), ("tflm", REF), (REF, "ember_infer_native:NativeBackend")])
def test_what_a_run_that_ends_early_does_not_come_to_is_not_compared(tflm_wheel: None, sides: tuple[str, str]) -> None:
    """Every second run ends with the first buffer, and only every sixth comes to the last layer."""
    found = compare(Stream(rows=(3, 2), cycles_max=(2, 3)).model(), *sides, steps=13)
    assert (found.equal, found.notes) == (True, ())
    elements = {layer.layer: layer.difference.elements for layer in found.layer_by_layer if layer.difference}
    row = 2
    assert elements["doubled"] == 13 * row
    assert elements["largest0"] == 6 * row
    assert elements["largest1"] == 2 * row
    assert [output.elements for output in found.outputs] == [13 * row, 6 * row, 2 * row]


def test_a_state_that_a_kernel_leaves_wrong_is_its_fault() -> None:
    found = compare(Stream(rows=(3,), cycles_max=(1,)).model(), RefBackend(), ForgetsToShift(), steps=6)
    assert found.first_faulty is not None
    assert (found.first_faulty.operator, found.first_faulty.first_sample) == ("circular_buffer", 2)


def test_state_of_operators_is_compared_beside_their_outputs(tflm_wheel: None, shared: Path) -> None:
    found = compare(shared / "models" / "keyword_scrambled_8bit.tflite", REF, "tflm", steps=12)
    names = [layer.layer for layer in found.layer_by_layer if layer.operator == "svdf"]
    assert found.equal
    assert len([name for name in names if name.endswith("_state")]) == len(names) / 2 == 7


def test_a_runtime_that_dies_is_told_to_be_at_fault(litert: None, shared: Path) -> None:
    with pytest.raises(
        ComparisonError, match=r"LiteRT, given the model[ \w]*, was stopped by SIG\w+: a fault of its own"
    ):
        compare(shared / "models" / "keyword_scrambled_8bit.tflite", REF, "litert", steps=2)


def test_steps_are_asked_for_where_there_is_state_and_samples_where_there_is_none() -> None:
    with pytest.raises(ComparisonError, match="keeps state, so that its inputs are steps of one sequence: say steps"):
        compare(running_sum(), REF, REF, samples=3)
    with pytest.raises(ComparisonError, match=r"digits.tflite keeps no state: say samples"):
        compare(DIGITS, REF, REF, steps=3)


def test_the_command_names_the_step_in_text_and_json(tmp_path: Path) -> None:
    (tmp_path / "sum.tflite").write_bytes(feedback())
    (tmp_path / "mine.py").write_text(
        "from ember_infer_ref import RefBackend\n"
        "class Mine(RefBackend):\n"
        "    def add(self, params):\n"
        "        super().add(params)\n"
        "        params.output.flat[0] ^= params.input2.flat[0] == 100\n"
    )
    np.save(tmp_path / "steps.npy", sequence(1, 1, TRIGGER, -40))
    arguments = ("sum.tflite", "--a", REF, "--b", "mine:Mine", "--inputs", "steps.npy")
    assert "late, in step 2" in command(*arguments, cwd=tmp_path).stdout
    document = json.loads(command(*arguments, "--json", cwd=tmp_path).stdout)
    assert (document["first_faulty"], document["first_faulty_step"]) == ("late", 2)
    assert (document["first_different"], document["first_different_step"]) == ("late", 2)
    assert (document["is_stateful"], document["samples"]) == (True, 4)
    equal = command("sum.tflite", "--a", REF, "--b", REF, "--steps", "7", cwd=tmp_path)
    assert (equal.returncode, "sum.tflite, 7 steps" in equal.stdout) == (0, True)
