"""What lowering an operator needs: its tensors, options and quantisation, and how to refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np

from ember_infer_core.errors import ModelError
from ember_infer_core.ops.common import FusedActivation, OperatorParams, Padding, Shape, Shape4, compute_padding
from ember_infer_core.quantization import (
    INT8_MAX,
    INT8_MIN,
    INT32_MAX,
    AnyQuantParam,
    PerChannelQuantParam,
    QuantParam,
    calculate_activation_range_quantized,
    effective_scales,
    quantize_multipliers,
)
from ember_infer_macros.tflite.graph import Graph, GraphOperator, GraphTensor
from ember_infer_macros.tflite.schema import NO_TENSOR

__all__ = ["Lowered", "Lowering", "OperatorSource", "Refusal"]

T = TypeVar("T")

MAX_LEFT_SHIFT = 30

# ActivationFunctionType of the schema; SIGMOID exists only in the C enumeration.
_ACTIVATIONS = {
    0: FusedActivation.NONE,
    1: FusedActivation.RELU,
    2: FusedActivation.RELU_N1_TO_1,
    3: FusedActivation.RELU6,
    4: FusedActivation.TANH,
    5: FusedActivation.SIGN_BIT,
}
_CLAMPING = {
    FusedActivation.NONE,
    FusedActivation.RELU,
    FusedActivation.RELU_N1_TO_1,
    FusedActivation.RELU6,
}


class Refusal(Exception):
    """One operator of a valid model that cannot be run; lowering collects them all."""


@dataclass(frozen=True, slots=True)
class Lowered:
    """One operator, lowered.

    Attributes:
        method: of :class:`KernelBackend`.
        params: its parameters, unbound.
        operands: tensor number for each buffer field.
    """

    method: str
    params: OperatorParams
    operands: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OperatorSource:
    """One operator of a graph, with checked access to what it refers to."""

    graph: Graph
    operator: GraphOperator

    def fail(self, reason: str) -> ModelError:
        """The error for a model that contradicts itself here."""
        return ModelError(self.graph.source, f"{self.operator.describe()}: {reason}")

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Turns the ValueError of an arithmetic rule that TFLM enforces into a :class:`Refusal`."""
        try:
            yield
        except ValueError as error:
            raise Refusal(f"{error}; TensorFlow Lite Micro refuses this too") from None

    def arity(self, inputs: tuple[int, ...]) -> None:
        """Checks the number of inputs (one of ``inputs``) and that there is one output."""
        if len(self.operator.inputs) not in inputs:
            wanted = " or ".join(str(count) for count in inputs)
            raise self.fail(f"{len(self.operator.inputs)} inputs, where {wanted} are wanted")
        if len(self.operator.outputs) != 1:
            raise self.fail(f"{len(self.operator.outputs)} outputs, where 1 is wanted")

    def options(self, kind: type[T]) -> T:
        """The operator's options, which it must have."""
        options = self.operator.options
        if not isinstance(options, kind):
            raise self.fail(f"its {kind.__name__} are missing")
        return options

    def options_or_default(self, kind: type[T]) -> T:
        """The operator's options, or the schema's defaults where the file leaves them out."""
        return kind() if self.operator.options is None else self.options(kind)

    def has_input(self, position: int) -> bool:
        """Whether an optional input is there."""
        return position < len(self.operator.inputs) and self.operator.inputs[position] != NO_TENSOR

    def input(self, position: int) -> GraphTensor:
        """An input that must be there."""
        if not self.has_input(position):
            raise self.fail(f"input {position} is missing")
        return self.graph.tensors[self.operator.inputs[position]]

    def output(self) -> GraphTensor:
        """The output."""
        return self.graph.tensors[self.operator.outputs[0]]

    def shape4(self, tensor: GraphTensor) -> Shape4:
        """The shape of a tensor that must have rank 4."""
        if len(tensor.shape) != 4:
            raise self.fail(f"{tensor.describe()} must have rank 4")
        batch, height, width, channels = tensor.shape
        return batch, height, width, channels

    def constant(self, tensor: GraphTensor) -> GraphTensor:
        """The tensor, which must be a constant."""
        if tensor.data is None:
            raise Refusal(f"{tensor.describe()} is computed at run time; only constants are supported there")
        return tensor

    def quant(self, tensor: GraphTensor) -> QuantParam:
        """Per-tensor quantisation of an activation."""
        quantization = self._quantization(tensor)
        if len(quantization.scales) != 1:
            raise Refusal(f"{tensor.describe()} is an activation with {len(quantization.scales)} scales")
        if quantization.scales[0] <= 0:
            raise self.fail(f"{tensor.describe()} has the scale 0")
        return QuantParam(quantization.scales[0], quantization.zero_points[0])

    def weights_quant(self, tensor: GraphTensor, channel_axis: int) -> tuple[AnyQuantParam, list[float]]:
        """Quantisation of weights and the scale of each output channel."""
        quantization = self._quantization(tensor)
        channels = tensor.shape[channel_axis]
        scales = quantization.scales
        if len(scales) == 1:
            return QuantParam(scales[0], quantization.zero_points[0]), [scales[0]] * channels
        if len(scales) != channels:
            raise self.fail(f"{tensor.describe()}: {len(scales)} scales for {channels} output channels")
        per_channel = PerChannelQuantParam(scales, quantization.zero_points, quantization.quantized_dimension)
        return per_channel, list(scales)

    def _quantization(self, tensor: GraphTensor) -> Any:
        if tensor.quantization is None:
            raise Refusal(f"{tensor.describe()} is not quantised: it has no scale")
        return tensor.quantization

    def bias(self, channels: int) -> dict[str, int]:
        """``{"bias": tensor number}``, or nothing where the operator has none."""
        if not self.has_input(2):
            return {}
        bias = self.constant(self.input(2))
        if int(np.prod(bias.shape)) != channels:
            raise self.fail(f"bias {bias.describe()} does not have {channels} elements")
        return {"bias": bias.index}

    def activation(self, number: int) -> FusedActivation:
        """A fused activation from its number in the schema."""
        activation = _ACTIVATIONS.get(number)
        if activation is None:
            raise self.fail(f"fused activation {number} is unknown")
        return activation

    def activation_range(self, activation: FusedActivation, output: QuantParam) -> tuple[int, int]:
        """The int8 clamp; the whole range for an activation that is no clamp (the backend says what it makes of it)."""
        if activation not in _CLAMPING:
            return INT8_MIN, INT8_MAX
        with self.refusing():
            return calculate_activation_range_quantized(activation, output)

    def padding(self, number: int) -> Padding:
        """A padding scheme from its number in the schema."""
        try:
            return Padding(number)
        except ValueError:
            raise self.fail(f"padding scheme {number} is unknown") from None

    def positive(self, **values: int) -> None:
        """Checks that attributes are 1 or more."""
        for name, value in values.items():
            if value < 1:
                raise self.fail(f"{name} is {value}; 1 or more is wanted")

    def window(
        self,
        padding: Padding,
        input_shape: Shape4,
        filter_size: tuple[int, int],
        stride: tuple[int, int],
        dilation: tuple[int, int],
        output_shape: Shape4,
    ) -> tuple[int, int]:
        """``(pad_h, pad_w)`` of a sliding window, whose output size must be the one in the file."""
        before = []
        for axis, name in enumerate(("height", "width")):
            effective = (filter_size[axis] - 1) * dilation[axis] + 1
            if input_shape[axis + 1] + effective + stride[axis] > INT32_MAX:
                raise self.fail(f"along the {name}, window, dilation and stride overflow 32 bits")
            size, pad = compute_padding(padding, input_shape[axis + 1], filter_size[axis], stride[axis], dilation[axis])
            if size != output_shape[axis + 1]:
                raise self.fail(f"the output's {name} is {output_shape[axis + 1]}, but the window gives {max(size, 0)}")
            before.append(pad)
        if input_shape[0] != output_shape[0]:
            raise self.fail(f"{input_shape[0]} images go in and {output_shape[0]} come out")
        return before[0], before[1]

    def output_multipliers(
        self, input_quant: QuantParam, weight_scales: list[float], output_quant: QuantParam
    ) -> dict[str, Any]:
        """``output_multiplier`` and ``output_shift`` of each output channel."""
        with self.refusing():
            scales = effective_scales(input_quant.scale, weight_scales, output_quant.scale)
            multiplier, shift = quantize_multipliers(scales)
        self.defined_shift(int(shift.max()))
        return {"output_multiplier": multiplier, "output_shift": shift}

    def defined_shift(self, shift: int) -> None:
        """Checks the shift of an output multiplier: TFLM's ``1 << shift`` in int32 means nothing beyond 30."""
        if shift > MAX_LEFT_SHIFT:
            raise Refusal(
                f"its scales give an output multiplier of 2**{MAX_LEFT_SHIFT} or more; "
                "what TensorFlow Lite Micro computes then is undefined"
            )

    def broadcast(self, first: Shape, second: Shape) -> None:
        """Checks that two shapes broadcast to the output's."""
        try:
            shape = np.broadcast_shapes(first, second)
        except ValueError:
            raise self.fail(f"shapes {list(first)} and {list(second)} do not broadcast") from None
        if shape != self.output().shape:
            raise self.fail(f"{list(first)} and {list(second)} give {list(shape)}, not {list(self.output().shape)}")


Lowering: TypeAlias = Callable[[OperatorSource], Lowered]
