"""The tensors of the file: types, bytes, quantisation, and what the model's inputs and outputs stand for."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ember_infer_core.quantization import INT8_MAX, INT8_MIN
from ember_infer_macros.tflite.graph import Graph, GraphTensor
from ember_infer_macros.tflite.read import ELEMENT_BYTES
from ember_infer_macros.tflite.schema import NO_TENSOR
from ember_infer_tools.inspect.results import PortReport, QuantReport, TensorReport

__all__ = ["constant_bytes", "element_bytes", "report_port", "report_tensor", "type_name"]


def report_tensor(tensor: GraphTensor) -> TensorReport:
    """The tensor as it is reported."""
    quantization = tensor.quantization
    quant = None
    if quantization is not None:
        quant = QuantReport(
            channels=len(quantization.scales),
            scale_min=min(quantization.scales),
            scale_max=max(quantization.scales),
            zero_point_min=min(quantization.zero_points),
            zero_point_max=max(quantization.zero_points),
            dimension=quantization.quantized_dimension if len(quantization.scales) > 1 else None,
        )
    constant = tensor.data is not None
    return TensorReport(
        index=tensor.index,
        name=tensor.name,
        shape=tensor.shape,
        type=type_name(tensor),
        bytes=element_bytes(tensor),
        constant=constant,
        quant=quant,
        variable=tensor.is_variable,
    )


def report_port(tensor: GraphTensor) -> PortReport:
    """The real values of an int8 input or output with one scale; without them for any other."""
    quantization = tensor.quantization
    if type_name(tensor) != "int8" or quantization is None or len(quantization.scales) != 1:
        return PortReport(tensor.index, None, None)
    scale, zero_point = quantization.scales[0], quantization.zero_points[0]
    return PortReport(tensor.index, scale * (INT8_MIN - zero_point), scale * (INT8_MAX - zero_point))


def constant_bytes(graph: Graph, tensors: Iterable[int]) -> int:
    """Bytes of the constants among these tensors; a buffer that several share counts once."""
    contents = {
        id(data): len(data)
        for index in tensors
        if index != NO_TENSOR and (data := graph.tensors[index].data) is not None
    }
    return sum(contents.values())


def element_bytes(tensor: GraphTensor) -> int | None:
    """Bytes of the elements; None where the type has no fixed size, or the tensor makes no sense."""
    each = ELEMENT_BYTES.get(tensor.type)
    if each is None or tensor.damage is not None or tensor.oddity is not None:
        return None
    return math.prod(tensor.shape) * each


def type_name(tensor: GraphTensor) -> str:
    """The element type, as reports have it."""
    return tensor.type.name.lower()
