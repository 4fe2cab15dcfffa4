"""Layers that firmware older than August 2026 may compute differently.

Until then TensorFlow Lite Micro formed some multipliers in float32 where it forms them in double since: see
``docs/exactness.md``. Whether a layer's come out the same is found out by preparing it once more with scales that are
float32, so that every product and quotient of them is one too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ember_infer_core.slots import OperatorParams
from ember_infer_macros.lower.common import OperatorSource, Refusal
from ember_infer_macros.lower.operators import lowering
from ember_infer_macros.operators import accepted
from ember_infer_macros.tflite.graph import Graph, GraphOperator, GraphTensor
from ember_infer_macros.tflite.schema import NO_TENSOR, BuiltinOperator

__all__ = ["FLOAT32_UNTIL_AUGUST_2026", "changed_multipliers"]

# For each operator the type of the output's scale: products of input and weights were divided by it in double.
FLOAT32_UNTIL_AUGUST_2026: Mapping[BuiltinOperator, type[np.floating[Any]]] = {
    BuiltinOperator.ABS: np.float32,
    BuiltinOperator.BATCH_MATMUL: np.float64,
    BuiltinOperator.FULLY_CONNECTED: np.float64,
    BuiltinOperator.HARD_SWISH: np.float32,
    BuiltinOperator.LEAKY_RELU: np.float32,
    BuiltinOperator.RELU: np.float32,
    BuiltinOperator.RSQRT: np.float32,
    BuiltinOperator.SUB: np.float32,
    BuiltinOperator.SVDF: np.float32,
    BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_LSTM: np.float64,
}


def changed_multipliers(graph: Graph, operator: GraphOperator, params: OperatorParams) -> Iterator[str]:
    """The fields of an operator's parameters that come out differently in float32; arrays with how much of them.

    Args:
        graph: the model.
        operator: one of its operators.
        params: as it is prepared today.
    """
    output_type = FLOAT32_UNTIL_AUGUST_2026.get(operator.code) if operator.code is not None else None
    if output_type is None or _is_per_channel(graph, operator):
        return
    entry = accepted(operator)
    assert entry is not None
    older = dataclasses.replace(graph, tensors=_with_scales(graph, operator, output_type))
    try:
        lowered = lowering(entry.file)(OperatorSource(older, operator))
    except Refusal as refusal:
        yield f"older firmware refuses it: {refusal}"
        return
    assert lowered is not None  # none of these leaves nothing to do
    for field in dataclasses.fields(params):
        now, then = getattr(params, field.name), getattr(lowered.params, field.name)
        if isinstance(now, np.ndarray) and now.shape == np.shape(then):
            count = int(np.count_nonzero(now != then))
            if count:
                yield f"{field.name} ({count} of {now.size})"
        elif isinstance(now, int) and now != then:
            yield field.name


def _is_per_channel(graph: Graph, operator: GraphOperator) -> bool:
    """Scales of single channels were always multiplied in double."""
    quantizations = [graph.tensors[index].quantization for index in operator.inputs if index != NO_TENSOR]
    return any(one is not None and len(one.scales) > 1 for one in quantizations)


def _with_scales(graph: Graph, operator: GraphOperator, output_type: type[np.floating[Any]]) -> tuple[GraphTensor, ...]:
    """All tensors; those of the operator with scales of other types, that Python's arithmetic then keeps."""
    tensors = list(graph.tensors)
    for indices, kind in ((operator.inputs, np.float32), (operator.outputs, output_type)):
        _change(tensors, indices, kind)
    return tuple(tensors)


def _change(tensors: list[GraphTensor], indices: Sequence[int], kind: type[np.floating[Any]]) -> None:
    for index in indices:
        quantization = None if index == NO_TENSOR else tensors[index].quantization
        if quantization is not None:
            scales: Any = tuple(map(kind, quantization.scales))
            changed = dataclasses.replace(quantization, scales=scales)
            tensors[index] = dataclasses.replace(tensors[index], quantization=changed)
