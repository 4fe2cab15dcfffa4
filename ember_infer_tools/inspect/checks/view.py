"""What checks look at: the file, its operators, and its layers with constant weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.backend import KernelBackend
from ember_infer_core.fixed_point import multiply_by_quantized_multiplier
from ember_infer_core.ops.conv2d import Conv2dParams
from ember_infer_core.ops.depthwise_conv2d import DepthwiseConv2dParams
from ember_infer_core.ops.fully_connected import FullyConnectedParams
from ember_infer_core.quantization import INT32_MAX, INT32_MIN
from ember_infer_core.slots import Int32Array
from ember_infer_macros.lower.tensors import content_of
from ember_infer_macros.tflite.graph import Graph, GraphOperator, GraphTensor
from ember_infer_ref.requantize import accumulator_range
from ember_infer_tools.inspect.results import VariableReport
from ember_infer_tools.inspect.subject import Subject

__all__ = ["Layer", "Place", "View", "constant_of", "describe_tensor", "find_layers"]

# Where, and what.
Place: TypeAlias = tuple[str | GraphOperator, str]
Int64Array: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
_NAME_LENGTH = 48


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution or fully connected layer of C output channels with constant weights.

    Attributes:
        operator: in the file.
        params: its parameters.
        weights: ``(C, K)``, their zero point taken off.
        low, high: ``(C,)``, the least and the greatest accumulator that any int8 input gives, bias included.
    """

    operator: GraphOperator
    params: Conv2dParams | DepthwiseConv2dParams | FullyConnectedParams
    weights: Int64Array
    low: Int64Array
    high: Int64Array

    @property
    def overflows(self) -> BoolArray:
        """``(C,)``: whether the accumulator, or what a left shift makes of it, can leave int32."""
        shift = np.maximum(self.params.output_shift, 0)
        # Exact in float64: integers far below 2**53 times a power of two.
        low, high = np.ldexp(self.low.astype(np.float64), shift), np.ldexp(self.high.astype(np.float64), shift)
        beyond: BoolArray = (low < INT32_MIN) | (high > INT32_MAX)
        return beyond

    @property
    def outputs(self) -> tuple[Int64Array, Int64Array]:
        """``(C,)`` each: the least and the greatest output; of no meaning in a channel that overflows."""
        params = self.params
        scale = np.stack([self.low, self.high])
        scaled = multiply_by_quantized_multiplier(scale, params.output_multiplier, params.output_shift)
        clamped = np.clip(scaled + params.output_offset, params.activation_min, params.activation_max)
        return clamped[0], clamped[1]


@dataclass(frozen=True, slots=True)
class View:
    """What checks look at.

    Attributes:
        graph: as in the file.
        subjects: its operators.
        layers: those with weights.
        backends: classes by name. One that knows of faults in the kernels it stands for may say so in a class method
            ``known_faults(method, params)``, which yields a line for each that this call of ``KernelBackend.<method>``
            meets; of the buffers only a bias is bound, where the call has one.
        state: what the model keeps from one run to the next.
    """

    graph: Graph
    subjects: tuple[Subject, ...]
    layers: tuple[Layer, ...]
    backends: Mapping[str, type[KernelBackend]]
    state: tuple[VariableReport, ...]


def find_layers(graph: Graph, subjects: Iterable[Subject]) -> Iterator[Layer]:
    """The layers whose weights and bias are constants that can be read."""
    for subject in subjects:
        if subject.lowered is None:
            continue
        params, operands = subject.lowered.params, subject.lowered.operands
        if not isinstance(params, Conv2dParams | DepthwiseConv2dParams | FullyConnectedParams):
            continue
        weights = constant_of(graph, operands["weights"])
        bias = constant_of(graph, operands["bias"]) if "bias" in operands else None
        if weights is None or ("bias" in operands and bias is None):
            continue
        rows = _rows(params, weights.astype(np.int64))
        bounds = accumulator_range(rows, params.input_offset, bias)
        yield Layer(subject.operator, params, rows, bounds.low + bounds.bias, bounds.high + bounds.bias)


def constant_of(graph: Graph, index: int) -> Int32Array | None:
    """The elements of a constant, flat; None where they are stored in a sparse encoding."""
    tensor = graph.tensors[index]
    if tensor.data is None or tensor.is_sparse:
        return None
    return content_of(tensor.data, tensor.type)[: tensor.elements].astype(np.int32)


def _rows(params: Conv2dParams | DepthwiseConv2dParams | FullyConnectedParams, weights: Int64Array) -> Int64Array:
    """The weights that each output channel sums over, ``(C, K)``."""
    if isinstance(params, DepthwiseConv2dParams):
        return weights.reshape(-1, params.weights_shape[3]).T
    offset = params.weights_offset if isinstance(params, FullyConnectedParams) else 0
    return weights.reshape(params.weights_shape[0], -1) + offset


def describe_tensor(tensor: GraphTensor) -> str:
    """Number and name; of a long name the end, which is what tells tensors apart."""
    name = tensor.name if len(tensor.name) <= _NAME_LENGTH else f"…{tensor.name[1 - _NAME_LENGTH :]}"
    return f"tensor {tensor.index} {name!r}"
