"""Programs: compiled, run again and again with other inputs, beside each other. Few, since compiling may take long."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core.conformance.calls import Outcome
from ember_infer_core.conformance.expected import Expected, output_size
from ember_infer_core.conformance.programs import last_call, one_call, random_inputs, residual_block
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
    unwritten = expected.unlike()
    for output, array in zip(executable.outputs, unwritten.values(), strict=True):
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
    return Outcome(_outputs(executable, expected), unwritten, tuple(damage), error)


def _outputs(executable: Executable, expected: Expected) -> dict[str, AnyArray]:
    """Copies, by the names of the last call's slots."""
    return {name: array.copy() for name, array in zip(expected.outputs, executable.outputs, strict=True)}


def _constants(program: Program) -> list[npt.NDArray[Any]]:
    return [tensor.data.copy() for tensor in program.tensors if tensor.data is not None]


def _check_runs(subject: Subject, program: Program, evidence: Evidence) -> None:
    """Runs with other inputs each time."""
    executable = subject.compile(program)
    constants = _constants(program)
    operators = ", ".join(call.method for call in program.calls)
    for run in range(1, _RUNS + 1):
        inputs = random_inputs(program, run)
        last, expected = last_call(program, inputs)
        outcome = _run(executable, inputs, expected)
        how = f"run {run} of {_RUNS} of an executable of {operators}; what its last call gives"
        notes = []
        if run > 1 and not outcome.right(expected):
            anew = _run(subject.compile(program), inputs, expected)
            if anew.right(expected):
                notes = ["state: the same inputs are right in the first run of a new executable"]
        operator, params = program.calls[-1].method, snapshot(last)
        evidence.add(params, expected, outcome)
        check_outcome(operator, params, expected, outcome, how, evidence, notes=notes)
    for before, now in zip(constants, _constants(program), strict=True):
        assert np.array_equal(before, now), f"an executable of {operators} changed a constant of its program"


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
    """An output stays until the same executable runs again, whatever others do."""
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
        after = Outcome(_outputs(executable, expected), outcome.unwritten)
        how = "an executable, whose output was looked at after another one of the same program ran"
        check_outcome(operator, last, expected, after, how, notes=["state: executables share memory"])
