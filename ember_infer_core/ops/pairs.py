"""Elementwise functions of two tensors that broadcast as NumPy does: what ADD, MUL and their like share.

An operator of this family says in its parameter class what it makes of two values: :meth:`PairParams.quantized` and
:meth:`PairParams.plain`. Backends ask :meth:`PairParams.elements`: for the elements themselves, or for a table of all
pairs of int8.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import InvalidShape, Undefined
from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.quantization import (
    INT32_MAX,
    INT32_MIN,
    UNQUANTIZED,
    QuantParam,
    activation_range,
    integer_range,
    plain_activation_range,
)
from ember_infer_core.slots import INT8, AnyArray, DType, Int8Array, Operand, OperatorParams, Role, Shape, unbound_int8

__all__ = [
    "FLOAT32_MAX",
    "MAX_RANK",
    "PairParams",
    "broadcast_fields",
    "check_rank",
    "plain_fields",
    "quantized_fields",
]

# Beyond it TFLM writes past the end of its ``RuntimeShape``; most of its kernels do not check.
MAX_RANK = 6

_ROWS = 64

FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(slots=True, kw_only=True, eq=False)
class PairParams(OperatorParams):
    """An elementwise function of two tensors of one type, broadcast as NumPy does.

    Attributes:
        input1_shape, input2_shape: broadcast to ``output_shape``.
        dtype: of both inputs; of the output too, unless the operator says otherwise.
        fused_activation: the model's; the clamps below are what it comes to.
        input1_quant, input2_quant, output_quant: each tensor has its own.
        input1_offset, input2_offset: minus the zero points.
        output_offset: the output's zero point.
        activation_min, activation_max: the clamp of an integer result.
        float_activation_min, float_activation_max: the clamp of a float32 result; without an activation the largest
            numbers, so that an infinity becomes one of them.
        input1, input2, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("input1", Role.INPUT, None),
        Operand("input2", Role.INPUT, None),
        Operand("output", Role.OUTPUT, None),
    )

    input1_shape: Shape
    input2_shape: Shape
    output_shape: Shape
    dtype: DType = INT8
    fused_activation: FusedActivation = FusedActivation.NONE
    input1_quant: QuantParam = UNQUANTIZED
    input2_quant: QuantParam = UNQUANTIZED
    output_quant: QuantParam = UNQUANTIZED
    input1_offset: int = 0
    input2_offset: int = 0
    output_offset: int = 0
    activation_min: int = -128
    activation_max: int = 127
    float_activation_min: float = -FLOAT32_MAX
    float_activation_max: float = FLOAT32_MAX
    input1: AnyArray = field(default_factory=unbound_int8, repr=False)
    input2: AnyArray = field(default_factory=unbound_int8, repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)

    def elements(self, values1: AnyArray, values2: AnyArray) -> AnyArray:
        """The results for values of the inputs, exactly as TFLM computes them.

        Args:
            values1, values2: arrays of ``dtype`` that broadcast against each other.

        Returns:
            An array of ``output_dtype``.

        Raises:
            KernelError: TFLM stops at such values.
        """
        with np.errstate(all="ignore"):  # int32 wraps, and float32 overflows to infinity, as in C
            if self.dtype == np.int8:
                return self.quantized(values1.astype(np.int64), values2.astype(np.int64))
            return self.plain(values1, values2)

    def table(self, values: Int8Array) -> AnyArray:
        """The results for all pairs of int8 values: :meth:`elements` of ``values[:, None], values``."""
        # Some rows at a time, whose int64 stay in the processor's cache: three times as quick as all at once.
        parts = [self.elements(values[row : row + _ROWS, None], values) for row in range(0, len(values), _ROWS)]
        return np.concatenate(parts)

    def quantized(self, values1: Int64Array, values2: Int64Array) -> AnyArray:
        """:meth:`elements` of int64 arrays that hold int8 values."""
        raise NotImplementedError(f"{type(self).__name__} is not for int8")

    def plain(self, values1: AnyArray, values2: AnyArray) -> AnyArray:
        """:meth:`elements` of any other type, whose elements are the values themselves."""
        raise NotImplementedError(f"{type(self).__name__} is for int8 alone")

    def requantized(self, values: Int64Array, multiplier: int, shift: int) -> Int8Array:
        """int32 values scaled by ``multiplier * 2**(shift - 31)``, offset and clamped."""
        result = wrap_int32(multiply_by_quantized_multiplier(values, multiplier, shift) + self.output_offset)
        return np.clip(result, self.activation_min, self.activation_max).astype(np.int8)

    def clamped(self, values: AnyArray) -> AnyArray:
        """Float32 or int32 values with the fused activation applied.

        Source: TFLM ``ActivationFunctionWithMinMax``, which leaves NaN and, at a bound of 0, -0 as they are.
        """
        real = self.dtype == np.float32
        low = self.float_activation_min if real else self.activation_min
        high = self.float_activation_max if real else self.activation_max
        raised = np.where(values < low, self.dtype.type(low), values)
        return np.where(raised > high, self.dtype.type(high), raised)


def check_rank(rank: int) -> None:
    """Checks that TFLM has room for shapes of this rank.

    Raises:
        Undefined: it has not.
    """
    if rank > MAX_RANK:
        raise Undefined(f"TensorFlow Lite Micro has room for shapes of rank {MAX_RANK}, and overruns it at rank {rank}")


def broadcast_fields(
    input1_shape: Shape, input2_shape: Shape, output_shape: Shape, dtype: DType = INT8
) -> dict[str, Any]:
    """Shapes and type, and for an integer type the clamp to its range, as fields of :class:`PairParams`.

    Raises:
        InvalidShape: the inputs do not broadcast to the output's shape.
        Undefined: a rank that TFLM has no room for.
    """
    check_rank(max(len(input1_shape), len(input2_shape)))
    try:
        shape: Shape | None = np.broadcast_shapes(input1_shape, input2_shape)
    except ValueError:
        shape = None
    if shape != output_shape:
        raise InvalidShape(
            f"shapes {list(input1_shape)} and {list(input2_shape)} do not broadcast to {list(output_shape)}"
        )
    fields = {
        "input1_shape": input1_shape,
        "input2_shape": input2_shape,
        "output_shape": output_shape,
        "dtype": dtype,
    }
    if not np.issubdtype(dtype, np.integer):
        return fields
    low, high = integer_range(dtype)
    return {**fields, "activation_min": low, "activation_max": high}


def quantized_fields(
    input1_quant: QuantParam,
    input2_quant: QuantParam,
    output_quant: QuantParam,
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> dict[str, Any]:
    """Quantisation, offsets and clamp, as fields of :class:`PairParams` over int8."""
    activation_min, activation_max = activation_range(fused_activation, output_quant)
    return {
        "fused_activation": fused_activation,
        "input1_quant": input1_quant,
        "input2_quant": input2_quant,
        "output_quant": output_quant,
        "input1_offset": -input1_quant.zero_point,
        "input2_offset": -input2_quant.zero_point,
        "output_offset": output_quant.zero_point,
        "activation_min": activation_min,
        "activation_max": activation_max,
    }


def plain_fields(dtype: DType, fused_activation: FusedActivation) -> dict[str, Any]:
    """The clamp, as fields of :class:`PairParams` over float32 or int32."""
    low, high = plain_activation_range(fused_activation)
    if dtype == np.float32:
        bounds = {
            "float_activation_min": -FLOAT32_MAX if low is None else low,
            "float_activation_max": FLOAT32_MAX if high is None else high,
        }
    else:
        bounds = {
            "activation_min": INT32_MIN if low is None else int(low),
            "activation_max": INT32_MAX if high is None else int(high),
        }
    return {"fused_activation": fused_activation, **bounds}
