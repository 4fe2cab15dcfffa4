"""Programs to try generated code on: many random operators, each with an input and an output of its own, in one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from ember_infer_core import ModelError, Program, UnsupportedActivation
from ember_infer_core.program import Call, Tensor, Variable
from ember_infer_core.slots import Role
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from tests.support.against_tflm import ulps
from tests.support.models import OPERATORS, Case, graph_models, one_operator_models

Samples = list[list[npt.NDArray[Any]]]

_GRAPHS = 2
_GRAPH_OPERATORS = 5


@st.composite
def case_lists(draw: Callable[[st.SearchStrategy[Any]], Any]) -> list[Case]:
    """A model of each operator, and two small graphs, whose tensors lie closer together."""
    single = [draw(one_operator_models(operator)) for operator in OPERATORS]
    return [*single, *(draw(graph_models(_GRAPH_OPERATORS)) for _ in range(_GRAPHS))]


def join(cases: Sequence[Case]) -> tuple[Program, Samples]:
    """One program of all models that this project accepts, and the inputs of a handful of inferences."""
    programs: list[Program] = []
    samples: Samples = [[] for _ in cases[0].batches()]
    for case in cases:
        try:
            program = load_program(case.model)
            RefBackend().compile(program).run()
        except (ModelError, UnsupportedActivation):
            continue
        programs.append(program)
        for joined, inputs in zip(samples, case.batches(), strict=True):
            joined.extend(inputs)
    return join_programs(programs), samples


def join_programs(programs: Sequence[Program]) -> Program:
    """One program of all these, side by side."""
    tensors: list[Tensor] = []
    calls: list[Call] = []
    inputs: list[int] = []
    outputs: list[int] = []
    variables: list[Variable] = []
    for number, program in enumerate(programs):
        base = len(tensors)
        for tensor in program.tensors:
            alias = tensor.alias_of
            tensors.append(tensor if alias is None else replace(tensor, alias_of=alias + base))
        inputs += [index + base for index in program.inputs]
        outputs += [index + base for index in program.outputs]
        variables += [replace(variable, tensor=variable.tensor + base) for variable in program.variables]
        for call in program.calls:
            operands: Mapping[str, int] = {name: index + base for name, index in call.operands.items()}
            calls.append(replace(call, name=f"{call.name}_{number}", operands=operands))
    return Program("joined", tuple(tensors), tuple(inputs), tuple(outputs), tuple(calls), tuple(variables))


def reference(program: Program, samples: Samples) -> Samples:
    """What RefBackend gives."""
    return run(RefBackend().compile(program), samples)


def references(program: Program, samples: Samples) -> tuple[Samples, Samples]:
    """What RefBackend gives for samples one after the other, and for each by itself, from the state at the start."""
    in_turn = reference(program, samples)
    apart = [reference(program, [sample])[0] for sample in samples] if program.variables else in_turn
    return in_turn, apart


def run(executable: Any, samples: Samples) -> Samples:
    """The outputs of each sample."""
    results: Samples = []
    for sample in samples:
        for array, content in zip(executable.inputs, sample, strict=True):
            array[...] = content
        executable.run()
        results.append([output.copy() for output in executable.outputs])
    return results


def assert_equal(program: Program, found: Samples, wanted: Samples, inexact: Collection[str] = ()) -> None:
    """Every byte of every output, and if not, which operator gave another one. NaN equals NaN.

    Args:
        inexact: operators whose float32 may be one unit in the last place apart.
    """
    writers = {index: call for call in program.calls for index in call.tensors(Role.OUTPUT)}
    for number, (ours, theirs) in enumerate(zip(found, wanted, strict=True)):
        for index, our, their in zip(program.outputs, ours, theirs, strict=True):
            writer = writers.get(index)
            if our.dtype == np.float32:
                differs = ulps(our, their) > (writer is not None and writer.method in inexact)
            else:
                differs = our != their
            if differs.any():
                at = tuple(int(axis) for axis in np.argwhere(differs)[0])
                raise AssertionError(
                    f"sample {number}, tensor {index}: {np.count_nonzero(differs)} of {differs.size} elements differ, "
                    f"first at {at}: {our[at]} instead of {their[at]}; {writer}"
                )
