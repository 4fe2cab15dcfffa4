"""Which operators run here, and what stands in a model's way. Needs no NumPy: the mypy plugin asks this too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ember_infer_core.errors import UnsupportedModelError
from ember_infer_macros.tflite.graph import Graph, GraphOperator, GraphTensor
from ember_infer_macros.tflite.schema import NO_TENSOR, BuiltinOperator, TensorType

__all__ = ["LOWERINGS", "check_supported", "why_unsupported"]

# Operator -> its file in `lower/`. A new operator adds its line here.
LOWERINGS: dict[BuiltinOperator, str] = {
    BuiltinOperator.ADD: "add",
    BuiltinOperator.AVERAGE_POOL_2D: "pool",
    BuiltinOperator.CONV_2D: "conv2d",
    BuiltinOperator.DEPTHWISE_CONV_2D: "depthwise_conv2d",
    BuiltinOperator.FULLY_CONNECTED: "fully_connected",
    BuiltinOperator.MAX_POOL_2D: "pool",
    BuiltinOperator.MUL: "mul",
    BuiltinOperator.RESHAPE: "reshape",
    BuiltinOperator.SOFTMAX: "softmax",
}

# Operators whose third operand is an int32 bias, and those whose second says the new shape.
_WITH_BIAS = {BuiltinOperator.CONV_2D, BuiltinOperator.DEPTHWISE_CONV_2D, BuiltinOperator.FULLY_CONNECTED}
_WITH_SHAPE_OPERAND = {BuiltinOperator.RESHAPE}

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
    if kind is not TensorType.INT8:
        article = "an" if kind.name.startswith("I") else "a"
        problems.append(f"this is {article} {kind.name.lower()} model; {_WANTED}")
    if graph.subgraphs > 1:
        problems.append(f"the model has {graph.subgraphs} subgraphs; one is supported")
    for role, indices in (("input", graph.inputs), ("output", graph.outputs)):
        for position, index in enumerate(indices):
            tensor = graph.tensors[index]
            if tensor.type is not TensorType.INT8:
                problems.append(f"{role} {position}, {tensor.describe()}, is not int8")
            elif tensor.quantization is None or len(tensor.quantization.scales) != 1:
                problems.append(f"{role} {position}, {tensor.describe()}, has no scale of its own")
    for tensor in graph.tensors:
        if tensor.is_variable:
            problems.append(f"{tensor.describe()} is a variable: state between inferences is not supported")
        elif tensor.is_sparse:
            problems.append(f"{tensor.describe()} is stored in a sparse encoding")
    return problems


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
    wanted = [TensorType.INT8] * len(operator.inputs)
    if operator.code in _WITH_BIAS and len(wanted) > 2:
        wanted[2] = TensorType.INT32
    if operator.code in _WITH_SHAPE_OPERAND and len(wanted) > 1:
        wanted[1] = TensorType.INT32
    for position, (index, type_) in enumerate(zip(operator.inputs, wanted, strict=True)):
        if index != NO_TENSOR and tensors[index].type is not type_:
            return f"input {position} is {tensors[index].type.name.lower()}, not {type_.name.lower()}"
    for position, index in enumerate(operator.outputs):
        if tensors[index].type is not TensorType.INT8:
            return f"output {position} is {tensors[index].type.name.lower()}, not int8"
    return None


def _types(operator: GraphOperator, tensors: Sequence[GraphTensor]) -> str:
    inputs = ", ".join("none" if index == NO_TENSOR else tensors[index].type.name.lower() for index in operator.inputs)
    outputs = ", ".join(tensors[index].type.name.lower() for index in operator.outputs)
    return f"({inputs} -> {outputs})"
