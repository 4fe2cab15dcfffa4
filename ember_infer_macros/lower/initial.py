"""What variables hold before the first run: CALL_ONCE runs its subgraph here, and not in a run.

The subgraph is expected to assign constants, or what can be computed from constants when a model is lowered.
"""

from __future__ import annotations

from ember_infer_core.errors import UnsupportedModelError
from ember_infer_core.slots import AnyArray
from ember_infer_macros.lower.budget import Budget
from ember_infer_macros.lower.operators import OperatorLowering
from ember_infer_macros.lower.variables import Contents, VariableName, Variables
from ember_infer_macros.tflite.graph import Graph
from ember_infer_macros.tflite.options import CallOnceOptions
from ember_infer_macros.tflite.schema import BuiltinOperator

__all__ = ["initial_contents"]


def initial_contents(graph: Graph, variables: Variables, budget: Budget) -> dict[VariableName, AnyArray]:
    """What each variable holds before the first run.

    Raises:
        UnsupportedModelError: a subgraph does more than assign what is known.
        ModelError: it contradicts itself.
    """
    contents = variables.defaults()
    for operator in graph.operators:
        if operator.code is BuiltinOperator.CALL_ONCE and isinstance(operator.options, CallOnceOptions):
            called = graph.initialisers[operator.options.init_subgraph_index]
            contents |= _run_once(called, variables, budget, contents)
    return contents


def _run_once(graph: Graph, variables: Variables, budget: Budget, contents: Contents) -> dict[VariableName, AnyArray]:
    """What a subgraph leaves in the variables that it names."""
    operators = OperatorLowering(graph, variables, budget, contents)
    left = operators.lower_all()
    if left:
        described = [f"{graph.operators[number].describe()}: it does not work on constants alone" for number in left]
        raise UnsupportedModelError(graph.source, described)
    found: dict[VariableName, AnyArray] = {}
    for name, index in operators.placed.items():
        content = operators.folding.tensors[index].data
        assert content is not None  # all are known here from the start
        found[name] = content
    return found
