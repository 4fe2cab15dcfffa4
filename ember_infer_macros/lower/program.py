"""Builds the :class:`Program` of a graph."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt

from ember_infer_core.errors import ModelError, UnsupportedModelError
from ember_infer_core.program import Call, Program, Tensor
from ember_infer_core.quantization import AnyQuantParam, PerChannelQuantParam, QuantParam
from ember_infer_core.slots import AnyArray, DType, Role, slots
from ember_infer_macros.lower.common import DTYPES, Lowered, Lowering, OperatorSource, Refusal
from ember_infer_macros.lower.folding import Folding
from ember_infer_macros.lower.names import identifier
from ember_infer_macros.lower.passes import PASSES
from ember_infer_macros.operators import LOWERINGS
from ember_infer_macros.support import check_supported
from ember_infer_macros.tflite.graph import Graph, GraphTensor
from ember_infer_macros.tflite.schema import TensorType

__all__ = ["content_of", "lower_graph", "lowering", "start_folding"]

# Activations beyond this have no place in an INT8 model for small machines; a damaged shape easily asks for more.
MAX_ARENA_BYTES = 2**31 - 1

_UNKNOWN: DType = np.dtype(np.uint8)
Content: TypeAlias = npt.NDArray[np.generic]


def lower_graph(graph: Graph) -> Program:
    """Lowers a graph: parameters with ready fixed-point values, aliases for reshapes, names, an arena plan.

    Raises:
        UnsupportedModelError: lists every operator that cannot be run.
        ModelError: shapes or attributes contradict each other.
    """
    check_supported(graph)
    folding = start_folding(graph)
    lowered = _lower_operators(graph, folding)
    program = _program(graph, folding.tensors, lowered)
    for apply in PASSES:
        program = apply(program)
    if program.arena_len > MAX_ARENA_BYTES:
        raise ModelError(graph.source, f"the activations need {program.arena_len} bytes at once")
    return program


def lowering(file: str) -> Lowering:
    """The function that lowers the operators of a module of this package."""
    return cast("Lowering", importlib.import_module(f"ember_infer_macros.lower.{file}").lower)


def start_folding(graph: Graph) -> Folding:
    """The tensors of a supported graph, with its own constants; operators that are lowered in order add theirs."""
    own = {id(tensor.data): len(tensor.data) for tensor in graph.tensors if tensor.data is not None}
    return Folding(_tensors(graph), sum(own.values()))


def _lower_operators(graph: Graph, folding: Folding) -> dict[int, Lowered]:
    """By their numbers the operators that a run needs; the others' results are constants now."""
    lowered: dict[int, Lowered] = {}
    refusals: list[str] = []
    for operator in graph.operators:
        assert operator.code is not None  # check_supported saw to it
        try:
            item = lowering(LOWERINGS[operator.code].file)(OperatorSource(graph, operator, folding.known))
        except Refusal as refusal:
            refusals.append(f"{operator.describe()}: {refusal}")
            continue
        except ModelError as error:
            if not refusals:
                raise
            refusals.append(error.reason)  # what follows an operator that TFLM does not define may contradict it
            continue
        if not folding.fold(item):
            lowered[operator.index] = item
    if refusals:
        raise UnsupportedModelError(graph.source, refusals)
    return lowered


def _program(graph: Graph, tensors: list[Tensor], lowered: Mapping[int, Lowered]) -> Program:
    """The graph's operators as calls, one after the other."""
    calls = []
    for number, item in lowered.items():
        operands = dict(item.operands)
        for slot in slots(item.params):
            if slot.name in item.constants or (slot.role is Role.CONSTANT and slot.name in operands):
                operands[slot.name] = _constant(tensors, item, slot.name, slot.shape)
        calls.append(Call(f"operator_{number}", item.method, number, item.params, operands))
    name = identifier(PurePath(graph.source).stem, "model")
    return Program(name, tuple(tensors), graph.inputs, graph.outputs, tuple(calls))


def _constant(tensors: list[Tensor], item: Lowered, slot: str, shape: tuple[int, ...]) -> int:
    """The tensor for a constant, in the form that the kernel wants; TFLM does not look at a bias's shape."""
    data = item.constants.get(slot)
    if data is None:
        index = item.operands[slot]
        if tensors[index].shape == shape:
            return index
        source = tensors[index]
        assert source.data is not None  # lowering saw to it
        tensors.append(replace(source, shape=shape, data=source.data.reshape(shape)))
    else:
        tensors.append(Tensor(slot, shape, data.dtype, data=_frozen(data)))
    return len(tensors) - 1


def _tensors(graph: Graph) -> list[Tensor]:
    """The graph's tensors with their constants, of which there is one copy however many tensors share a buffer."""
    used = {*graph.inputs, *graph.outputs}
    for operator in graph.operators:
        used.update(operator.inputs, operator.outputs)
    contents: dict[tuple[int, TensorType], Content] = {}
    tensors = []
    for tensor in graph.tensors:
        dtype = DTYPES.get(tensor.type) if tensor.index in used else None
        content = None
        if tensor.data is not None and dtype is not None:
            key = id(tensor.data), tensor.type  # the graph keeps the object, so the number stays its own
            if key not in contents:
                contents[key] = content_of(tensor.data, tensor.type)
            content = contents[key][: tensor.elements].reshape(tensor.shape)
        tensors.append(Tensor(tensor.name, tensor.shape, dtype or _UNKNOWN, _quant(tensor), content))
    return tensors


def _quant(tensor: GraphTensor) -> AnyQuantParam | None:
    quantization = tensor.quantization
    if quantization is None:
        return None
    if len(quantization.scales) == 1:
        return QuantParam(quantization.scales[0], quantization.zero_points[0])
    return PerChannelQuantParam(quantization.scales, quantization.zero_points, quantization.quantized_dimension)


def content_of(data: memoryview, type_: TensorType) -> Content:
    """A constant's elements in memory of their own (the file's need not be aligned), read-only."""
    if type_ is TensorType.INT4:
        return _frozen(_nibbles(np.frombuffer(data, np.int8)))
    dtype = DTYPES[type_]
    if type_ is TensorType.BOOL:  # of what is neither 0 nor 1 C++ says nothing, and kernels differ
        return _frozen(np.frombuffer(data, np.uint8) != 0)
    return _frozen(np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype))


def _nibbles(packed: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Two int4 values of each byte, the lower half first. Source: TFLM ``UnpackPackedIntToInt8``."""
    return np.stack((packed << 4 >> 4, packed >> 4), axis=-1).reshape(-1)


def _frozen(array: AnyArray) -> AnyArray:
    array.flags.writeable = False
    return array
