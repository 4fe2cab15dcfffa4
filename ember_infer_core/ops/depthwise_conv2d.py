"""DEPTHWISE_CONV_2D: parameters, shape rule, scratch signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ember_infer_core.ops.common import (
    ByteArray,
    FusedActivation,
    Int8Array,
    Int32Array,
    Operand,
    Padding,
    Role,
    Shape4,
    no_scratch,
    unbound_int8,
)
from ember_infer_core.quantization import AnyQuantParam, QuantParam

if TYPE_CHECKING:
    from ember_infer_core.backend import KernelBackend

__all__ = ["DepthwiseConv2dParams"]


@dataclass(slots=True, kw_only=True, eq=False)
class DepthwiseConv2dParams:
    """A depthwise 2-D convolution, NHWC, with int8 weights ``[1, KH, KW, C_out]`` and int32 accumulation.

    Output channel ``c`` sees input channel ``c // depth_multiplier`` alone. For each, the sum of
    ``(input + input_offset) * weights``, plus ``bias[c]``, is scaled by
    ``output_multiplier[c] * 2**(output_shift[c] - 31)``, offset by ``output_offset`` and clamped to
    ``[activation_min, activation_max]``. Taps outside the image count as zero.

    Attributes:
        input_shape: ``(N, H, W, C_in)``.
        weights_shape: ``(1, KH, KW, C_out)``.
        output_shape: ``(N, OH, OW, C_out)`` with ``C_out = C_in * depth_multiplier``.
        padding: the scheme of the model; ``pad_h`` and ``pad_w`` are what it comes to: rows above, columns left.
        input_offset: minus the input's zero point.
        output_offset: the output's zero point.
        output_multiplier, output_shift: int32 ``(C_out,)``; a positive shift is to the left.
        input, weights, bias, output, scratch: the buffers; bias is int32 ``(C_out,)`` or None.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("input", Role.INPUT),
        Operand("weights", Role.CONSTANT),
        Operand("bias", Role.CONSTANT, np.int32, optional=True),
        Operand("output", Role.OUTPUT),
    )

    input_shape: Shape4
    weights_shape: Shape4
    output_shape: Shape4
    padding: Padding
    pad_h: int
    pad_w: int
    stride_h: int = 1
    stride_w: int = 1
    dilation_h_factor: int = 1
    dilation_w_factor: int = 1
    depth_multiplier: int = 1
    fused_activation: FusedActivation = FusedActivation.NONE
    input_quant: QuantParam
    weights_quant: AnyQuantParam
    output_quant: QuantParam
    input_offset: int
    output_offset: int
    output_multiplier: Int32Array
    output_shift: Int32Array
    activation_min: int
    activation_max: int
    input: Int8Array = field(default_factory=unbound_int8, repr=False)
    weights: Int8Array = field(default_factory=unbound_int8, repr=False)
    bias: Int32Array | None = field(default=None, repr=False)
    output: Int8Array = field(default_factory=unbound_int8, repr=False)
    scratch: ByteArray = field(default_factory=no_scratch, repr=False)
    cache: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def bias_shape(self) -> tuple[int]:
        """``(C_out,)``."""
        return (self.weights_shape[3],)

    def scratch_size(self, backend: type[KernelBackend]) -> int:
        """Bytes of scratch that ``backend`` asks for in this call."""
        return backend.depthwise_conv2d_scratch_size(self.input_shape, self.weights_shape, self.output_shape)
