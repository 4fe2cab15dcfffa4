"""What a model keeps from one run to the next: how much, what it holds at first, and what after a reset."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from ember_infer_core.program import Program
from ember_infer_core.slots import AnyArray
from ember_infer_core.state import state_of_arrays
from ember_infer_macros.lower.variables import Variables
from ember_infer_macros.tflite.graph import Graph, GraphTensor
from ember_infer_macros.tflite.schema import NO_TENSOR
from ember_infer_tools.inspect.results import ContentReport, VariableReport
from ember_infer_tools.inspect.tensors import element_bytes, type_name

__all__ = ["describe_content", "graph_state", "program_state"]


# Of a digest in a report for people.
_DIGITS = 8


def program_state(program: Program, graph: Graph) -> tuple[VariableReport, ...]:
    """The variables of a program, in the order in which sessions' state has them."""
    return tuple(
        VariableReport(
            name=tensor.name,
            tensor=variable.tensor if variable.tensor < len(graph.tensors) else None,
            shape=tensor.shape,
            type=tensor.dtype.name,
            bytes=tensor.size,
            initial=_content(variable.initial),
            after_reset=_content(variable.default),
        )
        for variable in program.variables
        for tensor in [program.tensors[variable.tensor]]
    )


def graph_state(graph: Graph) -> tuple[VariableReport, ...]:
    """What can be told of a file that becomes no program: the variables that operators use, without their content."""
    used = {index for operator in graph.operators for index in (*operator.inputs, *operator.outputs)} - {NO_TENSOR}
    tensors = [graph.tensors[index] for index in sorted(used) if graph.tensors[index].is_variable]
    return tuple(_without_content(graph, tensors))


def _without_content(graph: Graph, tensors: list[GraphTensor]) -> Iterator[VariableReport]:
    for tensor in tensors:
        yield _of_file(tensor.name, tensor.index, tensor)
    for (_, name), value in Variables(graph).first_assigned().items():
        yield _of_file(name, None, value)


def _of_file(name: str, index: int | None, tensor: GraphTensor) -> VariableReport:
    return VariableReport(name, index, tensor.shape, type_name(tensor), element_bytes(tensor), None, None)


def _content(content: AnyArray) -> ContentReport:
    digest = hashlib.sha256(state_of_arrays([content]).tobytes()).hexdigest()
    if not content.size or not np.isfinite(content).all():
        return ContentReport(None, None, digest)
    return ContentReport(content.min().item(), content.max().item(), digest)


def describe_content(content: ContentReport | None) -> str:
    """The one value that all elements have, or else the range and the beginning of the digest."""
    if content is None:
        return "-"
    if content.least is None or content.least != content.greatest:
        span = "" if content.least is None else f"{content.least:g} .. {content.greatest:g}, "
        return f"{span}SHA-256 {content.digest[:_DIGITS]}…"
    return f"{content.least:g}"
