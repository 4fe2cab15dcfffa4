"""Programs: compiled, run again and again with other inputs, beside each other, and on from their state. Few, since
compiling may take long.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core.conformance.calls import Outcome
from ember_infer_core.conformance.expected import Expected, output_size
from ember_infer_core.conformance.programs import (
    initial_state,
    last_call,
    load_state,
    one_call,
    random_inputs,
    residual_block,
    written_by,
)
from ember_infer_core.conformance.properties import snapshot
from ember_infer_core.conformance.report import Evidence
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.conformance.subject import OPTIONAL, Subject, check_outcome
from ember_infer_core.executable import Executable
from ember_infer_core.ops import OPERATORS
from ember_infer_core.program import Program
from ember_infer_core.slots import AnyArray

_PROGRAMS = 4  # for each operator that a backend must have
_PROGRAMS_OF_OPTIONAL = 1  # compiling takes longest, and there are many
_RUNS = 3


def _calls(subject: Subject, operator: str) -> list[Any]:
    """Calls of some size, and different."""
    calls = [one for one in drawn(operator, 40) if not subject.excused(operator, one)]
    count = _PROGRAMS_OF_OPTIONAL if operator in OPTIONAL else _PROGRAMS
    return sorted(calls, key=lambda params: -output_size(params))[: 3 * count : 3]


def _run(executable: Executable, inputs: list[AnyArray], expected: Expected) -> Outcome:
    """One run, on from the state that the executable is in."""
    unwritten = expected.before()
    outputs = [array for name, array in unwritten.items() if name not in expected.states]
    for output, array in zip(executable.outputs, outputs, strict=True):
        if output.flags.writeable:
            output[...] = array
    for place, content in zip(executable.inputs, inputs, strict=True):
        place[...] = content
    error: Exception | None = None
    try:
        executable.run()
    except Exception as raised:
        error = raised
    damage = [
        f"changed input {index}, which a run leaves as it is"
        for index, (place, content) in enumerate(zip(executable.inputs, inputs, strict=True))
        if place.tobytes() != content.tobytes()
    ]
    return Outcome(written_by(executable, expected), unwritten, tuple(damage), error)


def _state_after(program: Program, expected: Expected) -> list[AnyArray]:
    """What a program's variables are to hold after a run; they are its last call's states."""
    names = {index: name for name, index in program.calls[-1].operands.items()}
    return [expected.outputs[names[variable.tensor]] for variable in program.variables]


def _constants(program: Program) -> list[npt.NDArray[Any]]:
    return [tensor.data.copy() for tensor in program.tensors if tensor.data is not None]


def _check_runs(subject: Subject, program: Program, evidence: Evidence) -> None:
    """Runs with other inputs each time, each on from the state that the one before left; then the first run again, from
    the state that it began with.
    """
    executable = subject.compile(program)
    constants = _constants(program)
    operators = ", ".join(call.method for call in program.calls)
    state = initial_state(program)
    for run in range(1, _RUNS + 1):
        how = f"run {run} of {_RUNS} of an executable of {operators}; what its last call gives"
        state = _check_run(subject, program, executable, run, state, how, evidence)
    if program.variables:
        load_state(executable, initial_state(program))
        how = f"an executable of {operators}, its initial state loaded after {_RUNS} runs; what its last call gives"
        _check_run(subject, program, executable, 1, initial_state(program), how, evidence)
    for before, now in zip(constants, _constants(program), strict=True):
        assert np.array_equal(before, now), f"an executable of {operators} changed a constant of its program"


def _check_run(
    subject: Subject,
    program: Program,
    executable: Executable,
    seed: int,
    state: list[AnyArray],
    how: str,
    evidence: Evidence,
) -> list[AnyArray]:
    """One run of an executable that is in this state; gives the state after it."""
    inputs = random_inputs(program, seed)
    last, expected = last_call(program, inputs, state)
    params = snapshot(last)
    outcome = _run(executable, inputs, expected)
    notes = []
    if not outcome.right(expected):
        other = subject.compile(program)
        load_state(other, state)
        if _run(other, inputs, expected).right(expected):
            notes = ["state: the same inputs are right in the first run of a new executable"]
    evidence.add(params, expected, outcome)
    check_outcome(program.calls[-1].method, params, expected, outcome, how, evidence, notes=notes)
    return _state_after(program, expected)


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_executable_of_one_call_follows_its_inputs(subject: Subject, operator: str) -> None:
    subject.require(operator)
    evidence = Evidence()
    for params in _calls(subject, operator):
        _check_runs(subject, one_call(operator, params), evidence)


def test_a_residual_block_keeps_the_tensor_that_is_added_later(subject: Subject) -> None:
    _check_runs(subject, residual_block(np.random.default_rng(0)), Evidence())


@pytest.mark.parametrize("operator", OPERATORS)
def test_executables_have_memory_of_their_own(subject: Subject, operator: str) -> None:
    """An output, and the state, stays until the same executable runs again, whatever others do."""
    subject.require(operator)
    for params in _calls(subject, operator)[:1]:
        program = one_call(operator, params)
        executable, other = subject.compile(program), subject.compile(program)
        first, second = (random_inputs(program, seed) for seed in (1, 2))
        last, expected = last_call(program, first)
        outcome = _run(executable, first, expected)
        if not outcome.right(expected):
            return  # other tests report it
        _run(other, second, last_call(program, second)[1])
        after = Outcome(written_by(executable, expected), outcome.unwritten)
        how = "an executable, whose output was looked at after another one of the same program ran"
        check_outcome(operator, last, expected, after, how, notes=["state: executables share memory"])
