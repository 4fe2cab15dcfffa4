"""Which operators run here, and what stands in a model's way. Needs no NumPy: the mypy plugin asks this too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ember_infer_core.errors import ModelError, UnsupportedModelError
from ember_infer_macros import cures
from ember_infer_macros.advice import advice
from ember_infer_macros.data_flow import data_flow_problems
from ember_infer_macros.limits import check_numbers
from ember_infer_macros.operators import accepted
from ember_infer_macros.port_types import PORT_TYPES
from ember_infer_macros.signatures import ABSENT, mismatch
from ember_infer_macros.stateful import initialiser_problems, state_problems
from ember_infer_macros.tflite.graph import Graph, GraphOperator, GraphTensor
from ember_infer_macros.tflite.micro import MICRO_OPERATORS
from ember_infer_macros.tflite.schema import NO_TENSOR, BuiltinOperator, TensorType

__all__ = ["check_supported", "why_unsupported"]

_SHOWN_OPERANDS = 30
_DEPENDS = {
    BuiltinOperator.IF: "which of its two subgraphs runs depends on the data",
    BuiltinOperator.WHILE: "how often its subgraph runs depends on the data",
}


def check_supported(graph: Graph) -> None:
    """Checks operators, element types, and every tensor that an operator which runs, an input or an output uses.

    Raises:
        UnsupportedModelError: lists everything that stands in the way; operators with index, name, types and why.
        ModelError: a tensor that is used contradicts the file, or is read before anything has written it.
    """
    check_numbers(graph)
    _check_subgraph(graph, _model_problems(graph))
    for called in graph.initialisers.values():
        _check_subgraph(called, initialiser_problems(called))


def _check_subgraph(graph: Graph, problems: list[str]) -> None:
    """One subgraph, with what is wrong with it as a whole."""
    _check_damage(graph)
    in_operators = _operator_problems(graph)
    # What an operator that is not supported does to its tensors is its own affair.
    in_data_flow = [] if in_operators else data_flow_problems(graph)
    problems = [*problems, *in_operators, *in_data_flow]
    if problems:
        operators = [operator for operator in graph.operators if why_unsupported(operator, graph.tensors) is not None]
        ports = [graph.tensors[index] for index in (*graph.inputs, *graph.outputs)]
        refused_ports = [tensor for tensor in ports if _why_no_port(tensor) is not None]
        raise UnsupportedModelError(graph.source, problems, advice(operators, refused_ports, graph.tensors))


def _check_damage(graph: Graph) -> None:
    """Checks the tensors in use; of an operator that is not supported, the operator is what is named."""
    for index in (*graph.inputs, *graph.outputs):
        _check_tensor(graph, index)
    for operator in graph.operators:
        if accepted(operator) is None:
            continue
        if NO_TENSOR in operator.outputs:
            raise ModelError(graph.source, f"{operator.describe()} outputs: tensor {NO_TENSOR} does not exist")
        if _why_not(operator, graph.tensors) is None:
            for index in (*operator.inputs, *operator.outputs):
                if index != NO_TENSOR:
                    _check_tensor(graph, index)


def _check_tensor(graph: Graph, index: int) -> None:
    tensor = graph.tensors[index]
    if tensor.damage is not None:
        raise ModelError(graph.source, f"{tensor.label()}: {tensor.damage}")


def _model_problems(graph: Graph) -> list[str]:
    problems = []
    kind = _kind(graph)
    if kind is not TensorType.INT8 and any(why_unsupported(operator, graph.tensors) for operator in graph.operators):
        article = "an" if kind.name.startswith("I") else "a"
        wanted = f"an INT8 model is wanted: {cures.MODEL_CURES[cures.FLOAT_MODEL]}"
        problems.append(f"this is {article} {kind.name.lower()} model; {wanted}")
    for role, indices in (("input", graph.inputs), ("output", graph.outputs)):
        for position, index in enumerate(indices):
            why = _why_no_port(graph.tensors[index])
            if why is not None:
                problems.append(f"{role} {position}, {why}")
    if not graph.outputs:
        problems.append("the model has no output")
    return [*problems, *state_problems(graph)]


def _why_no_port(tensor: GraphTensor) -> str | None:
    """Why a tensor cannot be an input or output of a model."""
    if tensor.oddity is not None:
        return f"{tensor.label()}: {tensor.oddity}"
    if tensor.type not in PORT_TYPES:
        types = ", ".join(type_.name.lower() for type_ in PORT_TYPES)
        return f"{tensor.describe()}, is none of {types}"
    if tensor.quantization is not None and len(tensor.quantization.scales) != 1:
        return f"{tensor.describe()}, has {len(tensor.quantization.scales)} scales, where one is wanted"
    return None


def _kind(graph: Graph) -> TensorType:
    """The element type of most results."""
    results = (index for operator in graph.operators for index in operator.outputs if index != NO_TENSOR)
    types = Counter(graph.tensors[index].type for index in results)
    return types.most_common(1)[0][0] if types else TensorType.INT8


def _operator_problems(graph: Graph) -> list[str]:
    problems = []
    for operator in graph.operators:
        why = why_unsupported(operator, graph.tensors)
        if why:
            problems.append(f"{operator.describe()} {_signature(operator, graph.tensors)}: {why}")
    return problems


def why_unsupported(operator: GraphOperator, tensors: Sequence[GraphTensor]) -> str | None:
    """Why the project does not run this operator on these tensors; None where it does, as far as types tell."""
    return _why_not(operator, tensors) or _odd_operator(operator, tensors) or _odd_operand(operator, tensors)


def _why_not(operator: GraphOperator, tensors: Sequence[GraphTensor]) -> str | None:
    """Why the project does not run this operator on these types."""
    entry = accepted(operator)
    if entry is None:
        return _why_missing(operator.code)
    return mismatch(entry, _types(operator.inputs, tensors), _types(operator.outputs, tensors))


def _why_missing(code: BuiltinOperator | None) -> str:
    if code in _DEPENDS:
        return f"control flow is not supported: {_DEPENDS[code]}, and a program here is one list of calls for every run"
    if code is None or code in MICRO_OPERATORS:
        return "this operator is not supported"
    return "this operator is not supported, and TensorFlow Lite Micro does not have it"


def _odd_operator(operator: GraphOperator, tensors: Sequence[GraphTensor]) -> str | None:
    """What an operator has beside its operands that it should not have."""
    if operator.custom_code is None and operator.custom_options is not None:
        return "it has options of a custom operator; TensorFlow Lite Micro refuses this too"
    for index in operator.intermediates:
        if index == NO_TENSOR:
            return "it leaves out an intermediate tensor; TensorFlow Lite Micro refuses this too"
        if tensors[index].elements:
            what = f"{tensors[index].describe()} is an intermediate tensor, and not empty"
            return f"{what}; TensorFlow Lite Micro refuses this too"
    return None


def _odd_operand(operator: GraphOperator, tensors: Sequence[GraphTensor]) -> str | None:
    """What is wrong with the tensors of an operator that runs."""
    for index in (*operator.inputs, *operator.outputs):
        if index == NO_TENSOR:
            continue
        tensor = tensors[index]
        if tensor.is_variable and index in operator.outputs and not _keeps_state(operator):
            return f"{tensor.describe()} is a variable, which only operators that keep state may write"
        if tensor.is_variable and tensor.data is not None:
            return f"{tensor.describe()} is a variable with content in the file"
        if tensor.is_sparse:
            return f"{tensor.describe()} is stored in a sparse encoding"
        wrong = tensor.damage or tensor.oddity
        if wrong is not None:
            return f"{tensor.label()}: {wrong}"
    return None


def _keeps_state(operator: GraphOperator) -> bool:
    entry = accepted(operator)
    return entry is not None and entry.keeps_state


def _signature(operator: GraphOperator, tensors: Sequence[GraphTensor]) -> str:
    inputs, outputs = (_shown_types(indices, tensors) for indices in (operator.inputs, operator.outputs))
    return f"({inputs} -> {outputs})"


def _shown_types(indices: Sequence[int], tensors: Sequence[GraphTensor]) -> str:
    shown = _types(indices[:_SHOWN_OPERANDS], tensors)
    if len(indices) > _SHOWN_OPERANDS:
        shown.append(f"... {len(indices)} in all")
    return ", ".join(shown)


def _types(indices: Sequence[int], tensors: Sequence[GraphTensor]) -> list[str]:
    return [ABSENT if index == NO_TENSOR else tensors[index].type.name.lower() for index in indices]
