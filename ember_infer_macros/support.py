"""Which operators run here, and what stands in a model's way. Needs no NumPy: the mypy plugin asks this too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ember_infer_core.errors import UnsupportedModelError
from ember_infer_macros.operators import LOWERINGS
from ember_infer_macros.port_types import PORT_TYPES
from ember_infer_macros.signatures import ABSENT, mismatch
from ember_infer_macros.tflite.graph import Graph, GraphOperator, GraphTensor
from ember_infer_macros.tflite.schema import NO_TENSOR, TensorType

__all__ = ["check_supported", "why_unsupported"]

_WANTED = (
    "an INT8 model is wanted: convert with full-integer post-training quantisation "
    "(representative_dataset, target_spec.supported_ops = [TFLITE_BUILTINS_INT8], "
    "inference_input_type = inference_output_type = int8)"
)


def check_supported(graph: Graph) -> None:
    """Checks operators and element types of a whole model.

    Raises:
        UnsupportedModelError: lists everything that stands in the way; operators with index, name, types and why.
    """
    problems = [*_model_problems(graph), *_operator_problems(graph)]
    if problems:
        raise UnsupportedModelError(graph.source, problems)


def _model_problems(graph: Graph) -> list[str]:
    problems = []
    activations = Counter(
        tensor.type for operator in graph.operators for tensor in (graph.tensors[index] for index in operator.outputs)
    )
    kind = activations.most_common(1)[0][0] if activations else TensorType.INT8
    if kind is not TensorType.INT8 and any(why_unsupported(operator, graph.tensors) for operator in graph.operators):
        article = "an" if kind.name.startswith("I") else "a"
        problems.append(f"this is {article} {kind.name.lower()} model; {_WANTED}")
    if graph.subgraphs > 1:
        problems.append(f"the model has {graph.subgraphs} subgraphs; one is supported")
    for role, indices in (("input", graph.inputs), ("output", graph.outputs)):
        for position, index in enumerate(indices):
            why = _why_no_port(graph.tensors[index])
            if why is not None:
                problems.append(f"{role} {position}, {why}")
    for tensor in graph.tensors:
        if tensor.is_variable:
            problems.append(f"{tensor.describe()} is a variable: state between inferences is not supported")
        elif tensor.is_sparse:
            problems.append(f"{tensor.describe()} is stored in a sparse encoding")
    return problems


def _why_no_port(tensor: GraphTensor) -> str | None:
    """Why a tensor cannot be an input or output of a model."""
    if tensor.type not in PORT_TYPES:
        types = ", ".join(type_.name.lower() for type_ in PORT_TYPES)
        return f"{tensor.describe()}, is none of {types}"
    if tensor.quantization is not None and len(tensor.quantization.scales) != 1:
        return f"{tensor.describe()}, has {len(tensor.quantization.scales)} scales, where one is wanted"
    return None


def _operator_problems(graph: Graph) -> list[str]:
    problems = []
    for operator in graph.operators:
        why = why_unsupported(operator, graph.tensors)
        if why:
            problems.append(f"{operator.describe()} {_types(operator, graph.tensors)}: {why}")
    return problems


def why_unsupported(operator: GraphOperator, tensors: Sequence[GraphTensor]) -> str | None:
    """Why the project does not run this operator on these types; None where it does, as far as types tell."""
    if operator.code is None or operator.code not in LOWERINGS:
        return "this operator is not supported"
    return mismatch(LOWERINGS[operator.code], *_type_names(operator, tensors))


def _type_names(operator: GraphOperator, tensors: Sequence[GraphTensor]) -> tuple[list[str], list[str]]:
    """Types of the inputs and of the outputs."""
    inputs = [ABSENT if index == NO_TENSOR else tensors[index].type.name.lower() for index in operator.inputs]
    return inputs, [tensors[index].type.name.lower() for index in operator.outputs]


def _types(operator: GraphOperator, tensors: Sequence[GraphTensor]) -> str:
    inputs, outputs = _type_names(operator, tensors)
    return f"({', '.join(inputs)} -> {', '.join(outputs)})"
