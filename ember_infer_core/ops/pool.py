"""AVERAGE_POOL_2D and MAX_POOL_2D: parameters and their preparation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.windows import Padding, window
from ember_infer_core.quantization import QuantParam, activation_range
from ember_infer_core.slots import Int8Array, Operand, OperatorParams, Role, Shape4, unbound_int8

__all__ = ["PoolParams", "prepare"]

_SCALE_TOLERANCE = 1e-6


@dataclass(slots=True, kw_only=True, eq=False)
class PoolParams(OperatorParams):
    """A pooling window over NHWC int8, the same quantisation in and out.

    Only taps inside the image count. The average is rounded half away from zero; the result is clamped to
    ``[activation_min, activation_max]``.

    Attributes:
        input_shape: ``(N, H, W, C)``.
        output_shape: ``(N, OH, OW, C)``.
        padding: the scheme of the model; ``pad_h`` and ``pad_w`` are what it comes to: rows above, columns left.
        filter_height, filter_width: of the window.
        stride_h, stride_w: from one window to the next, down and to the right.
        fused_activation: the model's; ``activation_min`` and ``activation_max`` are what it comes to.
        input_quant, output_quant: equal.
        activation_min, activation_max: the clamp.
        input, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (Operand("input", Role.INPUT), Operand("output", Role.OUTPUT))

    input_shape: Shape4
    output_shape: Shape4
    padding: Padding
    pad_h: int
    pad_w: int
    filter_height: int
    filter_width: int
    stride_h: int
    stride_w: int
    fused_activation: FusedActivation = FusedActivation.NONE
    input_quant: QuantParam
    output_quant: QuantParam
    activation_min: int
    activation_max: int
    input: Int8Array = field(default_factory=unbound_int8, repr=False)
    output: Int8Array = field(default_factory=unbound_int8, repr=False)


def prepare(
    *,
    input_shape: Shape4,
    output_shape: Shape4,
    input_quant: QuantParam,
    output_quant: QuantParam,
    padding: Padding,
    filter_height: int,
    filter_width: int,
    stride_h: int,
    stride_w: int,
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> PoolParams:
    """The parameters of a call. Source: TFLM ``PoolingPrepare``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these scales.
    """
    if input_shape[3] != output_shape[3]:
        raise InvalidShape(f"{input_shape[3]} channels go in and {output_shape[3]} come out")
    same_scale = abs(input_quant.scale - output_quant.scale) <= _SCALE_TOLERANCE
    if not same_scale or input_quant.zero_point != output_quant.zero_point:
        raise ValueError("input and output are quantised differently")
    filter_size, stride = (filter_height, filter_width), (stride_h, stride_w)
    sizes = window(padding, input_shape, filter_size, stride, (1, 1), output_shape)
    activation_min, activation_max = activation_range(fused_activation, output_quant)
    return PoolParams(
        input_shape=input_shape,
        output_shape=output_shape,
        filter_height=filter_height,
        filter_width=filter_width,
        fused_activation=fused_activation,
        input_quant=input_quant,
        output_quant=output_quant,
        activation_min=activation_min,
        activation_max=activation_max,
        **sizes,
    )
