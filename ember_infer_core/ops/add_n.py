"""ADD_N: parameters, their preparation, and the sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ember_infer_core.errors import InvalidShape
from ember_infer_core.fixed_point import Int64Array, multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.ops.pairs import check_rank
from ember_infer_core.quantization import (
    INT8_MAX,
    INT8_MIN,
    UNQUANTIZED,
    QuantParam,
    quantize_multiplier_smaller_than_one_exp,
)
from ember_infer_core.slots import INT8, AnyArray, DType, Int8Array, Operand, OperatorParams, Role, Shape, unbound_int8

__all__ = ["AddNParams", "prepare"]

_LEFT_SHIFT = 20


@dataclass(slots=True, kw_only=True, eq=False)
class AddNParams(OperatorParams):
    """Sum of two or more tensors of one shape and type; int8 ones share their quantisation.

    Of int8 each value, less the zero point, is shifted left by ``left_shift`` and scaled by the input's factor; the sum
    is scaled by the output's, offset by ``output_offset`` and clamped to int8. TFLM adds up from what an input of 0
    comes to, instead of from 0, and so does this: the result is off by minus the zero point.

    Attributes:
        inputs_shapes, output_shape: all equal.
        dtype: of all tensors.
        input_quant, output_quant: where they are quantised.
        input_offset, output_offset: minus the inputs' zero point, and the output's zero point.
        input_multiplier, input_shift, output_multiplier, output_shift: fixed-point factors; the shifts are
            zero or negative (to the right).
        inputs, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("inputs", Role.INPUT, None, many=True),
        Operand("output", Role.OUTPUT, None),
    )

    inputs_shapes: tuple[Shape, ...]
    output_shape: Shape
    dtype: DType = INT8
    input_quant: QuantParam = UNQUANTIZED
    output_quant: QuantParam = UNQUANTIZED
    left_shift: int = 0
    input_offset: int = 0
    input_multiplier: int = 0
    input_shift: int = 0
    output_offset: int = 0
    output_multiplier: int = 0
    output_shift: int = 0
    inputs: tuple[AnyArray, ...] = field(default=(), repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)

    def elements(self, values: Sequence[AnyArray]) -> AnyArray:
        """The sums of arrays of ``dtype`` and one shape, one of each input, exactly as TFLM computes them."""
        if self.dtype == INT8:
            return self._quantized(values)
        total: AnyArray = np.zeros(values[0].shape, self.dtype)
        with np.errstate(all="ignore"):  # it overflows to infinity, as in C
            for array in values:
                total = total + array
        return total

    def _quantized(self, values: Sequence[Int8Array]) -> Int8Array:
        """Source: TFLM ``reference_ops::AddN``."""
        total = self._scaled(np.zeros(values[0].shape, np.int64))
        for array in values:
            total = wrap_int32(total + self._scaled(array.astype(np.int64)))
        result = multiply_by_quantized_multiplier(total, self.output_multiplier, self.output_shift)
        return np.clip(wrap_int32(result + self.output_offset), INT8_MIN, INT8_MAX).astype(np.int8)

    def _scaled(self, values: Int64Array) -> Int64Array:
        shifted = (values + self.input_offset) << self.left_shift
        return multiply_by_quantized_multiplier(shifted, self.input_multiplier, self.input_shift)


def prepare(
    *,
    inputs_shapes: tuple[Shape, ...],
    output_shape: Shape,
    dtype: DType = INT8,
    input_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
) -> AddNParams:
    """The parameters of a call over int8 or float32. Source: TFLM ``CalculateOpData`` of ``add_n.cc``.

    Raises:
        InvalidShape: the shapes differ.
        ValueError: TFLM refuses fewer than two inputs or these scales, or has no room for the rank.
    """
    if len(inputs_shapes) < 2:
        raise ValueError("two inputs or more are wanted")
    for number, shape in enumerate(inputs_shapes):
        if shape != output_shape:
            raise InvalidShape(f"input {number} has shape {list(shape)}, and the output {list(output_shape)}")
    check_rank(len(output_shape))
    if dtype != INT8:
        return AddNParams(inputs_shapes=inputs_shapes, output_shape=output_shape, dtype=dtype)
    common = 2 * input_quant.scale
    input_multiplier, input_shift = quantize_multiplier_smaller_than_one_exp(input_quant.scale / common)
    output_multiplier, output_shift = quantize_multiplier_smaller_than_one_exp(
        common / ((1 << _LEFT_SHIFT) * output_quant.scale)
    )
    return AddNParams(
        inputs_shapes=inputs_shapes,
        output_shape=output_shape,
        input_quant=input_quant,
        output_quant=output_quant,
        left_shift=_LEFT_SHIFT,
        input_offset=-input_quant.zero_point,
        input_multiplier=input_multiplier,
        input_shift=input_shift,
        output_offset=output_quant.zero_point,
        output_multiplier=output_multiplier,
        output_shift=output_shift,
    )
