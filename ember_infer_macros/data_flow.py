"""Who writes and who reads each tensor of a graph whose operators all run."""

from __future__ import annotations

from ember_infer_core.errors import ModelError
from ember_infer_macros.operators import accepted
from ember_infer_macros.tflite.graph import Graph
from ember_infer_macros.tflite.schema import NO_TENSOR

__all__ = ["data_flow_problems"]


def data_flow_problems(graph: Graph) -> list[str]:
    """What is defined, but not supported: tensors with two origins, which TensorFlow Lite Micro overwrites in order.

    Raises:
        ModelError: a tensor is read that nothing has written; TensorFlow Lite Micro takes whatever memory holds there.
    """
    problems = []
    unwritten = []
    written = {tensor.index for tensor in graph.tensors if tensor.data is not None or tensor.is_variable}
    # Variables that are still to get the one operator whose output they are.
    states = {tensor.index for tensor in graph.tensors if tensor.is_variable and tensor.data is None}
    for index in graph.inputs:
        if index in written:
            problems.append(f"input {graph.tensors[index].describe()} is a constant, a variable, or an input twice")
        written.add(index)
    for operator in graph.operators:
        unwritten += [
            f"{operator.describe()} reads {graph.tensors[index].describe()} before it is written"
            for index in operator.inputs
            if index != NO_TENSOR and index not in written
        ]
        entry = accepted(operator)
        for index in operator.outputs:
            if entry is not None and entry.keeps_state and index in states:
                states.remove(index)
            elif index in written:
                problems.append(
                    f"{operator.describe()} writes {graph.tensors[index].describe()}, which already has a value"
                )
            written.add(index)
    unwritten += [
        f"output {graph.tensors[index].describe()} is never written" for index in graph.outputs if index not in written
    ]
    if unwritten and not problems:  # what is written to the wrong tensor is missed elsewhere
        raise ModelError(graph.source, unwritten[0])
    return problems
