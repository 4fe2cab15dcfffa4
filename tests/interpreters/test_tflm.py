"""``ember_infer.tflm.runtime`` in place of TensorFlow Lite Micro's interpreter: its details, errors and bytes."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer.litert import Interpreter
from ember_infer.tflm import runtime
from tests.interpreters.originals import MODELS, SINE, assert_same, drawn, outcome

ARENA = 1 << 22


@pytest.fixture(scope="module")
def original(tflm_wheel: None) -> Any:
    """TFLM's own module; these models do not stop its process."""
    return importlib.import_module("tflite_micro.python.tflite_micro.runtime")


def ends(model: Path) -> tuple[list[Any], list[Any]]:
    """LiteRT's details of a model's inputs and outputs."""
    interpreter = Interpreter(model)
    return interpreter.get_input_details(), interpreter.get_output_details()


@pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")  # of person_detect
@pytest.mark.usefixtures("c_compiler")
@pytest.mark.parametrize("name", MODELS)
def test_details_and_bytes_are_tflm_s(original: Any, shared: Path, name: str) -> None:
    path = shared / "models" / f"{name}.tflite"
    inputs, outputs = ends(path)
    theirs = original.Interpreter.from_file(str(path), arena_size=ARENA)
    ours = runtime.Interpreter.from_file(str(path), arena_size=ARENA, backend="native")
    drop_in = Interpreter(path, backend="native")
    drop_in.allocate_tensors()
    for method, count in (("get_input_details", len(inputs)), ("get_output_details", len(outputs))):
        for index in range(count):
            assert_same(getattr(ours, method)(index), getattr(theirs, method)(index), f"{name} {method}")
    for seed in range(2):
        for index, details in enumerate(inputs):
            content = drawn(details, seed)
            theirs.set_input(content, index)
            ours.set_input(content, index)
            drop_in.set_tensor(details["index"], content)
        assert theirs.invoke() == ours.invoke() == 0
        drop_in.invoke()
        for index, details in enumerate(outputs):
            assert_same(ours.get_output(index), theirs.get_output(index), name)
            assert_same(drop_in.get_tensor(details["index"]), theirs.get_output(index), name)


@pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")  # of person_detect
@pytest.mark.parametrize("name", MODELS)
def test_every_tensor_on_the_way_is_tflm_s(original: Any, shared: Path, name: str) -> None:
    path = shared / "models" / f"{name}.tflite"
    theirs, ours = (
        kind.Interpreter.from_file(
            str(path), arena_size=ARENA, intrepreter_config=original.InterpreterConfig.kPreserveAllTensors
        )
        for kind in (original, runtime)
    )
    inputs, _ = ends(path)
    for interpreter in (ours, theirs):
        interpreter.set_input(drawn(inputs[0], 0), 0)
        interpreter.invoke()
    graph = ours._file.graph
    for index in {*graph.inputs, *(index for operator in graph.operators for index in operator.outputs)}:
        assert_same(ours.GetTensor(index, 0), theirs.GetTensor(index, 0), f"{name} {index}")


def test_reset_forgets_as_tflm_does(original: Any, shared: Path) -> None:
    path = str(shared / "models" / "keyword_scrambled_8bit.tflite")
    interpreters = [kind.Interpreter.from_file(path, arena_size=ARENA) for kind in (original, runtime)]
    answers: list[list[bytes]] = []
    for interpreter in interpreters:
        content = drawn(interpreter.get_input_details(0), 0)
        own = []
        for run in range(5):
            if run == 3:
                assert interpreter.reset() == 0
            interpreter.set_input(content, 0)
            interpreter.invoke()
            own.append(interpreter.get_output(0).tobytes())
        answers.append(own)
    assert answers[0] == answers[1]
    assert answers[0][0] == answers[0][3]


ACTIONS: dict[str, Callable[[Any], Any]] = {
    "an input that is not there": lambda one: one.set_input(np.zeros((1, 1), np.int8), 1),
    "an input of another type": lambda one: one.set_input(np.zeros((1, 1), np.float32), 0),
    "an input of another rank": lambda one: one.set_input(np.zeros(1, np.int8), 0),
    "an input of another size": lambda one: one.set_input(np.zeros((2, 1), np.int8), 0),
    "no input": lambda one: one.set_input(None, 0),
    "an input below 0": lambda one: one.set_input(np.zeros((1, 1), np.int8), -1),
    "an input without a number": lambda one: one.set_input(np.zeros((1, 1), np.int8), None),
    "an input that is right": lambda one: one.set_input(np.zeros((1, 1), np.int8), 0),
    "an output that is not there": lambda one: one.get_output(1),
    "an output below 0": lambda one: one.get_output(-1),
    "details of no input": lambda one: one.get_input_details(1),
    "details of no output": lambda one: one.get_output_details(3),
    "details below 0": lambda one: one.get_output_details(-1),
    "a tensor that is not preserved": lambda one: one.GetTensor(2, 0),
    "running": lambda one: one.invoke(),
    "resetting": lambda one: one.reset(),
}


@pytest.mark.parametrize("what", ACTIONS)
def test_what_is_done_ends_as_in_tflm(original: Any, what: str) -> None:
    ours, theirs = (outcome(ACTIONS[what], kind.Interpreter.from_file(str(SINE))) for kind in (runtime, original))
    if isinstance(theirs, Exception):
        assert type(ours) is type(theirs) or isinstance(ours, type(theirs)), (ours, theirs)
    else:
        assert_same(ours, theirs, what)


MAKING: dict[str, Callable[[Any], Any]] = {
    "no file": lambda kind: kind.Interpreter.from_file("nowhere.tflite"),
    "no path": lambda kind: kind.Interpreter.from_file(None),
    "no content": lambda kind: kind.Interpreter.from_bytes(None),
    "registerers that are no names": lambda kind: kind.Interpreter.from_file(str(SINE), custom_op_registerers=[1]),
}


@pytest.mark.parametrize("what", MAKING)
def test_what_cannot_be_made_is_a_value_error_as_in_tflm(original: Any, what: str) -> None:
    for kind in (original, runtime):
        with pytest.raises(ValueError):
            MAKING[what](kind)


def test_what_steers_an_arena_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    interpreter = runtime.Interpreter.from_bytes(
        bytearray(SINE.read_bytes()), custom_op_registerers=["Mine"], arena_size=1, alt_decompression_memory_size=8
    )
    interpreter.invoke()
    interpreter.print_allocations()
    assert "bytes of activations, 0 bytes of state" in capsys.readouterr().err


def test_tensors_that_no_run_leaves_are_said() -> None:
    interpreter = runtime.Interpreter.from_file(SINE, intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors)
    for index, subgraph in ((99, 0), (0, 1)):
        with pytest.raises(IndexError):
            interpreter.GetTensor(index, subgraph)
