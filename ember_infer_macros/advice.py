"""Which cures a model needs that cannot be run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ember_infer_macros import cures
from ember_infer_macros.tflite.graph import CALLERS, GraphOperator, GraphTensor
from ember_infer_macros.tflite.schema import NO_TENSOR, BuiltinOperator, TensorType

__all__ = ["advice"]

# What tells the kind of a model: operators with weights, and the cure for activations of another integer type there.
_PRODUCTS = {BuiltinOperator.CONV_2D, BuiltinOperator.DEPTHWISE_CONV_2D, BuiltinOperator.FULLY_CONNECTED}
_INTEGER_CURES = {TensorType.INT16: cures.INT16_ACTIVATIONS, TensorType.UINT8: cures.UINT8_MODEL}
_TEXTS = {**cures.MODEL_CURES, **{code.name: text for code, text in cures.OPERATOR_CURES.items()}}


def advice(
    operators: Iterable[GraphOperator], ports: Iterable[GraphTensor], tensors: Sequence[GraphTensor]
) -> list[str]:
    """What to do about the operators, inputs and outputs that are refused; each cure once, in order."""
    found: dict[str, None] = {}  # a set that keeps its order
    for operator in operators:
        found.update(dict.fromkeys(_cures(operator, tensors)))
    for port in ports:
        if port.type is not TensorType.INT8:
            found[cures.EDGES] = None
        if 0 in port.shape:
            found[cures.DYNAMIC_SHAPES] = None
    return [f"{name}: {_TEXTS[name]}" for name in found]


def _cures(operator: GraphOperator, tensors: Sequence[GraphTensor]) -> Iterator[str]:
    """Names of the cures for one operator that is not supported."""
    code, name = operator.code, operator.name
    if code in cures.OPERATOR_CURES:
        yield name
    elif name.startswith("STABLEHLO_"):
        yield cures.STABLEHLO
    elif code in CALLERS:
        yield cures.CONTROL_FLOW
    elif name.startswith("CUSTOM 'Flex"):
        yield cures.TENSORFLOW_OPERATORS
    elif code is BuiltinOperator.CUSTOM:
        yield cures.CUSTOM_OPERATORS
    yield from _tensor_cures(operator, tensors)


def _tensor_cures(operator: GraphOperator, tensors: Sequence[GraphTensor]) -> Iterator[str]:
    """Names of the cures that the types, shapes and encodings of an operator's tensors ask for."""
    inputs = [tensors[index] for index in operator.inputs if index != NO_TENSOR]
    used = [*inputs, *(tensors[index] for index in operator.outputs if index != NO_TENSOR)]
    if any(tensor.type is TensorType.FLOAT16 for tensor in used):
        yield cures.FLOAT16
    if operator.code in _PRODUCTS and len(inputs) > 1 and inputs[0].type is TensorType.FLOAT32:
        yield cures.DYNAMIC_RANGE if inputs[1].type is TensorType.INT8 else cures.FLOAT_MODEL
    if operator.code in _PRODUCTS and inputs and inputs[0].type in _INTEGER_CURES:
        yield _INTEGER_CURES[inputs[0].type]
    if any(tensor.is_sparse for tensor in used):
        yield cures.SPARSE_WEIGHTS
    if any(0 in tensor.shape for tensor in used):
        yield cures.DYNAMIC_SHAPES
