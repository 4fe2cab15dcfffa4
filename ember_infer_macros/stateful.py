"""What stands in the way of a model that keeps state from run to run. Needs no NumPy: the mypy plugin asks this too."""

from __future__ import annotations

from collections.abc import Iterator

from ember_infer_macros.tflite.graph import Graph
from ember_infer_macros.tflite.options import CallOnceOptions, VarHandleOptions
from ember_infer_macros.tflite.schema import BuiltinOperator

__all__ = ["initialiser_problems", "state_problems"]

_USES_VARIABLES = frozenset({BuiltinOperator.READ_VARIABLE, BuiltinOperator.ASSIGN_VARIABLE})


def state_problems(graph: Graph) -> list[str]:
    """Of the main subgraph."""
    inputs = [graph.tensors[index] for index in graph.inputs if graph.tensors[index].is_variable]
    return [
        *(f"input {tensor.describe()} is a variable" for tensor in inputs),
        *_handle_problems(graph),
        *_call_problems(graph),
    ]


def initialiser_problems(graph: Graph) -> list[str]:
    """Of a subgraph that CALL_ONCE runs."""
    problems = list(_handle_problems(graph))
    if graph.inputs:
        problems.append("it has inputs, which CALL_ONCE does not give it")
    problems += [
        f"{operator.describe()} within a subgraph that CALL_ONCE runs is not supported"
        for operator in graph.operators
        if operator.code is BuiltinOperator.CALL_ONCE
    ]
    return problems


def _handle_problems(graph: Graph) -> Iterator[str]:
    for operator in graph.operators:
        if operator.code is BuiltinOperator.VAR_HANDLE and not (
            isinstance(operator.options, VarHandleOptions) and operator.options.shared_name
        ):
            yield f"{operator.describe()}: it does not name its variable"


def _call_problems(graph: Graph) -> Iterator[str]:
    """CALL_ONCE runs at its place in the first run; here, before it. That is the same where nothing comes earlier."""
    called: set[int] = set()
    used = False
    for operator in graph.operators:
        used = used or operator.code in _USES_VARIABLES
        if operator.code is not BuiltinOperator.CALL_ONCE:
            continue
        number = operator.options.init_subgraph_index if isinstance(operator.options, CallOnceOptions) else 0
        if number not in graph.initialisers:
            yield f"{operator.describe()}: subgraph {number} is none that it can run (there are {graph.subgraphs})"
        elif number in called:
            yield f"{operator.describe()}: it runs subgraph {number} a second time"
        elif used:
            yield f"{operator.describe()}: it initialises variables after they have been used"
        called.add(number)
