"""The tensors of a graph, as a program has them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.program import Tensor
from ember_infer_core.quantization import AnyQuantParam, PerChannelQuantParam, QuantParam
from ember_infer_core.slots import AnyArray, DType
from ember_infer_macros.lower.common import DTYPES
from ember_infer_macros.tflite.graph import Graph, GraphTensor
from ember_infer_macros.tflite.schema import TensorType

__all__ = ["content_of", "frozen", "tensors_of"]

_UNKNOWN: DType = np.dtype(np.uint8)
Content: TypeAlias = npt.NDArray[np.generic]


def tensors_of(graph: Graph) -> list[Tensor]:
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
        return frozen(_nibbles(np.frombuffer(data, np.int8)))
    dtype = DTYPES[type_]
    if type_ is TensorType.BOOL:  # of what is neither 0 nor 1 C++ says nothing, and kernels differ
        return frozen(np.frombuffer(data, np.uint8) != 0)
    return frozen(np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype))


def _nibbles(packed: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Two int4 values of each byte, the lower half first. Source: TFLM ``UnpackPackedIntToInt8``."""
    return np.stack((packed << 4 >> 4, packed >> 4), axis=-1).reshape(-1)


def frozen(array: AnyArray) -> AnyArray:
    """The same array, read-only from now on."""
    array.flags.writeable = False
    return array
