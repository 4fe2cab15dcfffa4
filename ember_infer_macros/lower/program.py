"""Builds the :class:`Program` of a graph."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import cast

import numpy as np
import numpy.typing as npt

from ember_infer_core.errors import ModelError, UnsupportedModelError
from ember_infer_core.ops.reshape import ReshapeParams
from ember_infer_core.program import Call, Program, Tensor
from ember_infer_core.quantization import AnyQuantParam, PerChannelQuantParam, QuantParam
from ember_infer_macros.lower.common import Lowered, Lowering, OperatorSource, Refusal
from ember_infer_macros.lower.names import identifier, layer_names
from ember_infer_macros.support import LOWERINGS, check_supported
from ember_infer_macros.tflite.graph import Graph, GraphTensor
from ember_infer_macros.tflite.schema import TensorType

__all__ = ["lower_graph"]

# Activations beyond this have no place in an INT8 model for small machines; a damaged shape easily asks for more.
MAX_ARENA_BYTES = 2**31 - 1

_DTYPES: dict[TensorType, np.dtype[np.generic]] = {
    TensorType.INT8: np.dtype(np.int8),
    TensorType.INT32: np.dtype("<i4"),
}


def lower_graph(graph: Graph) -> Program:
    """Lowers a graph: parameters with ready fixed-point values, aliases for reshapes, names, an arena plan.

    Raises:
        UnsupportedModelError: lists every operator that cannot be run.
        ModelError: shapes or attributes contradict each other.
    """
    check_supported(graph)
    lowered = _lower_operators(graph)
    tensors = _tensors(graph)
    for item in lowered:
        if "bias" in item.operands:
            _flatten(tensors, item.operands["bias"])
    kept: list[tuple[int, Lowered]] = []
    for index, item in enumerate(lowered):
        if item.method == "reshape" and _may_alias(graph, tensors, item):
            source, target = item.operands["input"], item.operands["output"]
            tensors[target] = replace(tensors[target], alias_of=source)
        else:
            kept.append((index, item))
    outputs = _own_outputs(graph, tensors, kept)
    names = layer_names([tensors[item.operands["output"]].name for _, item in kept], [item.method for _, item in kept])
    calls = tuple(
        Call(name, item.method, index, item.params, item.operands)
        for name, (index, item) in zip(names, kept, strict=True)
    )
    program = Program(
        name=identifier(PurePath(graph.source).stem, "model"),
        tensors=tuple(tensors),
        inputs=graph.inputs,
        outputs=outputs,
        calls=calls,
    )
    if program.arena_len > MAX_ARENA_BYTES:
        raise ModelError(graph.source, f"the activations need {program.arena_len} bytes at once")
    return program


def _lower_operators(graph: Graph) -> list[Lowered]:
    lowered: list[Lowered] = []
    refusals: list[str] = []
    for operator in graph.operators:
        assert operator.code is not None  # check_supported saw to it
        module = importlib.import_module(f"ember_infer_macros.lower.{LOWERINGS[operator.code]}")
        lower = cast("Lowering", module.lower)
        try:
            lowered.append(lower(OperatorSource(graph, operator)))
        except Refusal as refusal:
            refusals.append(f"{operator.describe()}: {refusal}")
    if refusals:
        raise UnsupportedModelError(graph.source, refusals)
    return lowered


def _tensors(graph: Graph) -> list[Tensor]:
    """The graph's tensors with their constants, of which there is one copy however many tensors share a buffer."""
    contents: dict[tuple[int, TensorType], npt.NDArray[np.generic]] = {}
    tensors = []
    for tensor in graph.tensors:
        dtype = _DTYPES.get(tensor.type)
        content = None
        if tensor.data is not None and dtype is not None:
            key = id(tensor.data), tensor.type  # the graph keeps the object, so the number stays its own
            if key not in contents:
                contents[key] = _content(tensor.data, dtype)
            content = contents[key].reshape(tensor.shape)
        tensors.append(Tensor(tensor.name, tensor.shape, dtype or np.dtype(np.uint8), _quant(tensor), content))
    return tensors


def _flatten(tensors: list[Tensor], index: int) -> None:
    """Makes a bias a vector, whatever shape the file gives its elements: TFLM does not look at it."""
    bias = tensors[index]
    assert bias.data is not None  # lowering saw to it
    tensors[index] = replace(bias, shape=(bias.data.size,), data=bias.data.reshape(-1))


def _quant(tensor: GraphTensor) -> AnyQuantParam | None:
    quantization = tensor.quantization
    if quantization is None:
        return None
    if len(quantization.scales) == 1:
        return QuantParam(quantization.scales[0], quantization.zero_points[0])
    return PerChannelQuantParam(quantization.scales, quantization.zero_points, quantization.quantized_dimension)


def _content(data: memoryview, dtype: np.dtype[np.generic]) -> npt.NDArray[np.generic]:
    """A constant's elements in memory of their own (the file's need not be aligned), read-only."""
    array = np.frombuffer(data, dtype).astype(dtype.newbyteorder("="))
    array.flags.writeable = False
    return array


def _may_alias(graph: Graph, tensors: Sequence[Tensor], reshape: Lowered) -> bool:
    """Whether a reshape's output can be its input's memory.

    Not where that would make a model output of a model input or of a constant: a caller writes to the one and reads the
    other.
    """
    root = _root(tensors, reshape.operands["input"])
    is_fixed = root in graph.inputs or tensors[root].data is not None
    return not (is_fixed and _reaches_output(graph, reshape.operands["output"]))


def _reaches_output(graph: Graph, index: int) -> bool:
    """Whether the tensor is a model output, itself or through further reshapes."""
    reached = {index}
    for operator in graph.operators:
        if operator.name == "RESHAPE" and operator.inputs[0] in reached:
            reached.update(operator.outputs)
    return not reached.isdisjoint(graph.outputs)


def _root(tensors: Sequence[Tensor], index: int) -> int:
    alias_of = tensors[index].alias_of
    return index if alias_of is None else _root(tensors, alias_of)


def _own_outputs(graph: Graph, tensors: list[Tensor], kept: list[tuple[int, Lowered]]) -> tuple[int, ...]:
    """The model's outputs; one that is itself a model input or a constant becomes a copy of it."""
    outputs = []
    for index in graph.outputs:
        root = _root(tensors, index)
        if root in graph.inputs or tensors[root].data is not None:
            copied = tensors[index]
            tensors.append(Tensor(copied.name, copied.shape, copied.dtype, copied.quant))
            params = ReshapeParams(input_shape=copied.shape, output_shape=copied.shape)
            copy_index = len(tensors) - 1
            kept.append((len(graph.operators), Lowered("reshape", params, {"input": index, "output": copy_index})))
            index = copy_index
        outputs.append(index)
    return tuple(outputs)
