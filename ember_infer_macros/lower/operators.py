"""The operators of one subgraph, lowered in the file's order."""

from __future__ import annotations

import importlib
from typing import cast

from ember_infer_core.errors import ModelError, UnsupportedModelError
from ember_infer_macros.lower.budget import Budget
from ember_infer_macros.lower.common import Lowered, Lowering, OperatorSource, Refusal
from ember_infer_macros.lower.folding import Folding
from ember_infer_macros.lower.tensors import tensors_of
from ember_infer_macros.lower.variables import Contents, VariableName, Variables, handles
from ember_infer_macros.operators import accepted
from ember_infer_macros.tflite.graph import Graph, GraphOperator

__all__ = ["OperatorLowering", "lowering"]


def lowering(file: str) -> Lowering:
    """The function that lowers the operators of a module of this package."""
    return cast("Lowering", importlib.import_module(f"ember_infer_macros.lower.{file}").lower)


class OperatorLowering:
    """Lowers the operators of one subgraph of a supported model, in the file's order.

    Args:
        graph: the subgraph.
        variables: of the model.
        budget: of the model.
        contents: what they hold, where that is known.

    Attributes:
        folding: the program's tensors, and what of them is known before a run.
        placed: for each variable that the graph names, its tensor.
    """

    def __init__(self, graph: Graph, variables: Variables, budget: Budget, contents: Contents | None = None) -> None:
        tensors = tensors_of(graph)
        self.placed: dict[VariableName, int] = variables.place(graph, tensors, contents)
        changing = self.placed.values() if contents is None else ()
        self.folding: Folding = Folding(tensors, budget, changing)
        self._graph = graph
        self._budget = budget
        self._variables = {handle: (index, tensors[index]) for handle, index in handles(graph, self.placed).items()}

    def lower(self, operator: GraphOperator) -> Lowered | None:
        """One operator, with what those before it have given; None where it leaves nothing to do in a run.

        Raises:
            Refusal: it cannot be run.
            ModelError: it contradicts itself.
        """
        self._budget.check(self._graph.source)
        entry = accepted(operator)
        assert entry is not None  # check_supported saw to it
        source = OperatorSource(self._graph, operator, self.folding.known, self._variables)
        lowered = lowering(entry.file)(source)
        if lowered is not None:
            self._budget.charge(lowered.params)
        return lowered

    def lower_all(self) -> dict[int, Lowered]:
        """By their numbers the operators that a run needs; the others' results are constants now.

        Raises:
            UnsupportedModelError: lists every operator that cannot be run.
            ModelError: an operator contradicts itself.
        """
        lowered: dict[int, Lowered] = {}
        refusals: list[str] = []
        for operator in self._graph.operators:
            try:
                item = self.lower(operator)
            except Refusal as refusal:
                refusals.append(f"{operator.describe()}: {refusal}")
                continue
            except ModelError as error:
                if not refusals:
                    raise
                refusals.append(error.reason)  # what follows an operator that TFLM does not define may contradict it
                continue
            if item is not None and not self.folding.fold(item):
                lowered[operator.index] = item
        if refusals:
            raise UnsupportedModelError(self._graph.source, refusals)
        return lowered
