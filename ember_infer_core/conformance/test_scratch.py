"""Scratch: as long as asked for, of any content, and nothing beyond it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ember_infer_core.conformance.buffers import guarded
from ember_infer_core.conformance.calls import bind_call
from ember_infer_core.conformance.definition import expected_of
from ember_infer_core.conformance.expected import Expected
from ember_infer_core.conformance.programs import initial_state, kept_state, load_state, one_call, written_by
from ember_infer_core.conformance.regressions import published_calls
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.conformance.subject import Subject, check_outcome
from ember_infer_core.errors import AlignmentError, ScratchTooSmall
from ember_infer_core.executable import Executable
from ember_infer_core.ops import OPERATORS
from ember_infer_core.slots import Role, content, slots

_CALLS = 25


def _calls(subject: Subject, operator: str) -> list[Any]:
    """Random calls and those after published bugs, as far as the backend asks for scratch in them."""
    calls = (*drawn(operator, _CALLS), *published_calls(operator))
    asked = [one for one in calls if type(subject.backend).scratch_size(one)]
    return [one for one in asked if not subject.excused(operator, one)]


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_size_asked_for_is_a_number_of_bytes_and_always_the_same(subject: Subject, operator: str) -> None:
    for params in drawn(operator, _CALLS):
        first, second = (type(subject.backend).scratch_size(params) for _ in range(2))
        assert isinstance(first, int), f"{operator}: the scratch size {first!r} is no int"
        assert first >= 0, f"{operator}: the scratch size {first} is negative"
        assert first == second, f"{operator}: the scratch size is {first}, then {second} for the same shapes"


@pytest.mark.parametrize("operator", OPERATORS)
def test_what_scratch_holds_before_a_call_does_not_matter(subject: Subject, operator: str) -> None:
    """Each call is made three times on the same scratch, of exactly the size asked for, between guards."""
    subject.require(operator)
    calls = _calls(subject, operator)
    if not calls:
        pytest.skip("no scratch is asked for")
    for params in calls:
        bound, expected = bind_call(subject.backend, operator, params), expected_of(operator, params)
        notes: list[str] = []
        for byte in (0, 255, 0x7F):
            bound.params.scratch[...] = byte
            outcome = bound.run(subject.backend, expected)
            how = f"a single call, every byte of its scratch ({bound.params.scratch.size} bytes) {byte} before"
            check_outcome(operator, params, expected, outcome, how, notes=notes if not outcome.damage else ())
            notes = ["the call is right if its scratch holds zeros before; what it holds is undefined"]


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_executable_works_in_exactly_its_scratch_and_refuses_less(subject: Subject, operator: str) -> None:
    subject.require(operator)
    calls = _calls(subject, operator)
    if not calls:
        pytest.skip("no scratch is asked for")
    params = calls[0]
    program, expected = one_call(operator, params), expected_of(operator, params)
    executable = subject.compile(program)
    for array, operand in zip(executable.inputs, _inputs(params), strict=True):
        array[...] = operand
    for offset in (0, 1):
        scratch = guarded((executable.scratch_len,), np.uint8, None, offset)
        _fill(executable, expected)
        load_state(executable, initial_state(program))
        try:
            executable.run(scratch.array)
        except AlignmentError:
            assert offset, f"{operator}: an AlignmentError for scratch that starts at a multiple of 16"
            continue
        assert not scratch.overrun(), f"{operator}: an executable wrote outside the scratch given: {scratch.overrun()}"
        assert expected.met_by(written_by(executable, expected)), f"{operator}: wrong with scratch {offset} beyond 16"
    if executable.scratch_len:
        _fill(executable, expected)
        before = _bytes(executable)
        with pytest.raises(ScratchTooSmall):
            executable.run(guarded((executable.scratch_len - 1,), np.uint8, None).array)
        assert before == _bytes(executable), f"{operator}: something was written before ScratchTooSmall"


def _fill(executable: Executable, expected: Expected) -> None:
    """Outputs that are wrong everywhere."""
    outputs = [array for name, array in expected.before().items() if name not in expected.states]
    for output, unlike in zip(executable.outputs, outputs, strict=True):
        output[...] = unlike


def _bytes(executable: Executable) -> list[bytes]:
    return [array.tobytes() for array in (*executable.outputs, *kept_state(executable))]


def _inputs(params: Any) -> list[Any]:
    return [content(params, slot) for slot in slots(params) if slot.role is Role.INPUT]
