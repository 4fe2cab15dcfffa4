"""Builds the :class:`Program` of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath

from ember_infer_core.errors import ModelError, UnsupportedModelError
from ember_infer_core.program import Call, Program, Tensor, Variable
from ember_infer_core.slots import Role, slots
from ember_infer_macros.lower.budget import Budget
from ember_infer_macros.lower.common import Lowered
from ember_infer_macros.lower.initial import initial_contents
from ember_infer_macros.lower.names import identifier
from ember_infer_macros.lower.operators import OperatorLowering
from ember_infer_macros.lower.passes import PASSES
from ember_infer_macros.lower.tensors import frozen
from ember_infer_macros.lower.variables import Variables, check_state_size, variable_tensors
from ember_infer_macros.support import check_supported
from ember_infer_macros.tflite.graph import Graph

__all__ = ["lower_graph"]

# Activations beyond this have no place in an INT8 model for small machines; a damaged shape easily asks for more.
MAX_ARENA_BYTES = 2**31 - 1


def lower_graph(graph: Graph) -> Program:
    """Lowers a graph: parameters with ready fixed-point values, aliases for reshapes, names, an arena plan.

    Raises:
        UnsupportedModelError: lists every operator that cannot be run.
        ModelError: shapes or attributes contradict each other.
    """
    check_supported(graph)
    variables, budget = Variables(graph), Budget.of(graph)
    check_state_size(graph, variables)
    initial = initial_contents(graph, variables, budget)
    operators = OperatorLowering(graph, variables, budget)
    lowered = operators.lower_all()
    kept = (*variable_tensors(graph), *variables.of_program(operators.placed, initial))
    program = _program(graph, operators.folding.tensors, lowered, kept)
    _check_endings(graph, program)
    for apply in PASSES:
        program = apply(program)
    if program.arena_len + program.state_len > MAX_ARENA_BYTES:
        needed = program.arena_len + program.state_len
        raise ModelError(graph.source, f"the activations and the state need {needed} bytes at once")
    return program


def _program(
    graph: Graph, tensors: list[Tensor], lowered: Mapping[int, Lowered], variables: tuple[Variable, ...]
) -> Program:
    """The graph's operators as calls, one after the other."""
    calls = []
    own_variables: list[Variable] = []
    for number, item in lowered.items():
        operands = dict(item.operands)
        for slot in slots(item.params):
            if slot.name in item.constants or (slot.role is Role.CONSTANT and slot.name in operands):
                operands[slot.name] = _constant(tensors, item, slot.name, slot.shape)
        for name, content in item.states.items():
            operands[name] = len(tensors)
            tensors.append(Tensor(name, content.shape, content.dtype))
            own_variables.append(Variable(operands[name], frozen(content), content))
        calls.append(Call(f"operator_{number}", item.method, number, item.params, operands))
    name = identifier(PurePath(graph.source).stem, "model")
    return Program(name, tuple(tensors), graph.inputs, graph.outputs, tuple(calls), (*variables, *own_variables))


def _check_endings(graph: Graph, program: Program) -> None:
    """Of a run that ends early TFLM shows these outputs all the same: they are not where it computes others."""
    if not program.ends_early:
        return
    computed = {index for call in program.calls for index in call.tensors(Role.OUTPUT)}
    shown = [index for index in program.outputs if index not in computed]
    if shown:
        problems = [
            f"output {graph.tensors[index].describe()} is a variable, an input or a constant, in a model whose runs "
            "may end before it is copied (CIRCULAR_BUFFER)"
            for index in shown
        ]
        raise UnsupportedModelError(graph.source, problems)


def _constant(tensors: list[Tensor], item: Lowered, slot: str, shape: tuple[int, ...]) -> int:
    """The tensor for a constant, in the form that the kernel wants; TFLM does not look at a bias's shape."""
    data = item.constants.get(slot)
    if data is None:
        index = item.operands[slot]
        if tensors[index].shape == shape:
            return index
        source = tensors[index]
        assert source.data is not None  # lowering saw to it
        tensors.append(replace(source, shape=shape, data=source.data.reshape(shape)))
    else:
        tensors.append(Tensor(slot, shape, data.dtype, data=frozen(data)))
    return len(tensors) - 1
