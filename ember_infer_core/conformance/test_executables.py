"""Programs: compiled, run again and again with other inputs, beside each other. Few, since compiling may take long."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core.conformance.calls import Outcome
from ember_infer_core.conformance.programs import bound_calls, one_call, residual_block
from ember_infer_core.conformance.properties import snapshot
from ember_infer_core.conformance.report import Evidence
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.conformance.subject import OPERATORS, Subject, check_outcome
from ember_infer_core.executable import Executable
from ember_infer_core.program import Program
from ember_infer_core.slots import Int8Array

_PROGRAMS = 4  # for each operator
_RUNS = 3


def _calls(subject: Subject, operator: str) -> list[Any]:
    """Calls of some size, and different."""
    calls = [one for one in drawn(operator, 40) if not subject.exception_for(operator, one)]
    return sorted(calls, key=lambda params: -params.output.size)[: 3 * _PROGRAMS : 3]


def _random_inputs(program: Program, seed: int) -> list[Int8Array]:
    random = np.random.default_rng(seed)
    return [random.integers(-128, 128, program.tensors[index].shape, np.int8) for index in program.inputs]


def _run(executable: Executable, inputs: list[Int8Array], expected: Int8Array) -> Outcome:
    (output,) = executable.outputs
    unwritten = np.bitwise_xor(expected, np.int8(0x55))
    if output.flags.writeable:
        output[...] = unwritten
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
        if not np.array_equal(place, content)
    ]
    return Outcome(executable.outputs[0].copy(), unwritten, tuple(damage), error)


def _constants(program: Program) -> list[npt.NDArray[Any]]:
    return [tensor.data.copy() for tensor in program.tensors if tensor.data is not None]


def _check_runs(subject: Subject, program: Program, evidence: Evidence) -> None:
    """Runs with other inputs each time."""
    executable = subject.compile(program)
    constants = _constants(program)
    operators = ", ".join(call.method for call in program.calls)
    for run in range(1, _RUNS + 1):
        inputs = _random_inputs(program, run)
        last = bound_calls(program, inputs)[-1]
        outcome = _run(executable, inputs, last.output)
        how = f"run {run} of {_RUNS} of an executable of {operators}; the output of its last call"
        notes = []
        if run > 1 and not outcome.right(last.output):
            anew = _run(subject.compile(program), inputs, last.output)
            if anew.right(last.output):
                notes = ["state: the same inputs are right in the first run of a new executable"]
        operator, params = program.calls[-1].method, snapshot(last)
        evidence.add(params, last.output, outcome)
        check_outcome(operator, params, last.output, outcome, how, evidence, notes=notes)
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
        first, second = (bound_calls(program, _random_inputs(program, seed))[0] for seed in (1, 2))
        if not _run(executable, _random_inputs(program, 1), first.output).right(first.output):
            return  # other tests report it
        _run(other, _random_inputs(program, 2), second.output)
        after = Outcome(executable.outputs[0].copy(), np.bitwise_xor(first.output, np.int8(0x55)))
        how = "an executable, whose output was looked at after another one of the same program ran"
        check_outcome(operator, first, first.output, after, how, notes=["state: executables share memory"])
