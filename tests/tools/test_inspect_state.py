"""Inspecting models that keep state: what, how much, what it holds at first and after a reset."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np
import pytest

from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from ember_infer_tools.inspect import inspect_model, to_json
from ember_infer_tools.tflite_writer import ModelWriter
from tests.support.stateful_models import running_sum, two_variables
from tests.tools.inspecting import DIGITS, found, shown


def with_content(content: list[int]) -> bytes:
    """A variable that CALL_ONCE fills with this, and that goes out as it came in."""
    writer = ModelWriter()
    start = writer.subgraph()
    for part in (start, writer):
        handle = part.tensor("handle", (), "resource")
        part.operator("VAR_HANDLE", [], [handle], shared_name="memory")
        if part is start:
            value = part.tensor("value", (len(content),), scale=1.0, data=np.array(content, np.int8))
            part.operator("ASSIGN_VARIABLE", [handle, value], [])
            writer.operator("CALL_ONCE", [], [], init_subgraph_index=start.number)
    output = writer.tensor("output", (len(content),), scale=1.0)
    writer.operator("READ_VARIABLE", [handle], [output])
    return writer.finish([], [output])


def unsupported() -> bytes:
    """An ADD of a variable tensor into another one, which only what keeps state may write."""
    writer = ModelWriter()
    x = writer.tensor("x", (1, 4), scale=0.5)
    kept = writer.tensor("kept", (1, 4), scale=0.5, is_variable=True)
    writer.add(x, x, kept)
    return writer.finish([x], [kept])


def test_variables_are_told_with_type_shape_bytes_and_what_they_hold() -> None:
    report = inspect_model(two_variables(), [])
    assert [(v.name, v.tensor, v.type, v.shape, v.bytes) for v in report.state] == [
        ("int8 before", None, "int8", (2, 3), 6),
        ("int16 before", None, "int16", (2, 3), 12),
    ]
    assert report.state_bytes == load_program(two_variables()).state_len == 18
    assert [(v.initial.least, v.initial.greatest) for v in report.state if v.initial] == [(0, 0), (0, 0)]
    assert not any(variable.reset_differs for variable in report.state)


def test_a_model_without_state_says_nothing_of_it() -> None:
    report = inspect_model(DIGITS, [])
    assert (report.state, report.state_bytes) == ((), 0)
    assert "State" not in shown(report)


def test_one_value_is_shown_as_such_and_several_as_range_and_digest() -> None:
    assert "-5         0" in shown(inspect_model(with_content([-5, -5]), []))
    digest = sha256(np.array([-5, 9], np.int8).tobytes()).hexdigest()
    text = shown(inspect_model(with_content([-5, 9]), []))
    assert f"-5 .. 9, SHA-256 {digest[:8]}…" in text
    (variable,) = json.loads(to_json(inspect_model(with_content([-5, 9]), [])))["state"]
    assert variable["initial"] == {"least": -5, "greatest": 9, "digest": digest}
    assert variable["after_reset"]["greatest"] == 0


@pytest.mark.parametrize(("initial", "differs"), [(7, True), (-3, False)])
def test_a_reset_that_gives_other_bytes_than_the_beginning_is_a_warning(initial: int, differs: bool) -> None:
    model = running_sum(-3, initial)
    report = inspect_model(model, [])
    assert ("reset-differs" in found(model)) == differs
    if differs:
        (finding,) = (one for one in report.findings if one.check == "reset-differs")
        assert finding.where == "state 'sum'"
        assert finding.what == "7 at first, -3 after a reset"


def test_operators_on_variables_name_them_and_what_is_not_run_asks_no_backend() -> None:
    report = inspect_model(running_sum(initial=1, name="total"), [RefBackend])
    told = {operator.operator: operator for operator in report.operators}
    assert told["CALL_ONCE"].details == "subgraph 1"
    assert told["VAR_HANDLE"].details == told["READ_VARIABLE"].details == told["ASSIGN_VARIABLE"].details == "total"
    assert [told[name].method for name in ("CALL_ONCE", "VAR_HANDLE")] == [None, None]
    lines = [line.split() for line in shown(report, width=200).splitlines()]
    assert [line[-1] for line in lines if "VAR_HANDLE" in line or "CALL_ONCE" in line] == ["-", "-"]
    assert report.backends[0].lacking == ()
    assert report.supported


@pytest.mark.parametrize(("model", "supported"), [(running_sum(), True), (unsupported(), False)])
def test_state_is_no_part_of_the_arena(model: bytes, supported: bool) -> None:
    report = inspect_model(model, [])
    assert report.supported == supported
    assert report.state_bytes == 4
    assert {block.name for block in report.arena.blocks}.isdisjoint({"sum", "kept"})


def test_a_model_that_is_not_supported_shows_its_state_without_content() -> None:
    report = inspect_model(unsupported(), [])
    assert not report.supported
    assert [(v.name, v.tensor, v.bytes, v.initial) for v in report.state] == [("kept", 1, 4, None)]
    assert any("variable" in problem for problem in report.problems)
    assert "variable" in shown(report, all_tensors=True)


def test_named_variables_of_a_model_that_is_not_supported_are_shown_too() -> None:
    writer = ModelWriter()
    x, y = (writer.tensor(name, (1, 4), scale=0.5) for name in "xy")
    handle = writer.tensor("handle", (), "resource")
    writer.operator("VAR_HANDLE", [], [handle], shared_name="memory")
    writer.operator("ASSIGN_VARIABLE", [handle, x], [])
    writer.operator("CUSTOM", [x], [y], custom_code="MINE")
    report = inspect_model(writer.finish([x], [y]), [])
    assert [(v.name, v.tensor, v.shape, v.bytes) for v in report.state] == [("memory", None, (1, 4), 4)]
    assert report.state_bytes == 4
