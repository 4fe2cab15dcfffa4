"""SOFTMAX: parameters, their preparation, and the exponentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ember_infer_core.errors import InvalidShape
from ember_infer_core.fixed_point import (
    Int64Array,
    exp_on_negative_values,
    saturating_rounding_doubling_high_mul,
    wrap_int32,
)
from ember_infer_core.quantization import QuantParam, calculate_input_radius, preprocess_softmax_scaling
from ember_infer_core.slots import Int8Array, Operand, OperatorParams, Role, Shape, unbound_int8

__all__ = ["SoftmaxParams", "prepare", "softmax_exponentials"]

_INTEGER_BITS = 5
_OUTPUT_QUANT = QuantParam(1 / 256, -128)


@dataclass(slots=True, kw_only=True, eq=False)
class SoftmaxParams(OperatorParams):
    """Softmax along the last axis, in fixed point; the output's scale is 1/256 and its zero point -128.

    Attributes:
        input_shape, output_shape: equal, of any rank from 1 up.
        beta: the factor on the input.
        input_multiplier, input_left_shift: ``beta * input scale`` as a fixed-point factor to Q5.26.
        diff_min: differences to the row's maximum below this count as exp(-inf).
        input, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (Operand("input", Role.INPUT), Operand("output", Role.OUTPUT))

    input_shape: Shape
    output_shape: Shape
    beta: float
    input_quant: QuantParam
    output_quant: QuantParam
    input_multiplier: int
    input_left_shift: int
    diff_min: int
    input: Int8Array = field(default_factory=unbound_int8, repr=False)
    output: Int8Array = field(default_factory=unbound_int8, repr=False)


def prepare(
    *, input_shape: Shape, output_shape: Shape, input_quant: QuantParam, output_quant: QuantParam, beta: float
) -> SoftmaxParams:
    """The parameters of a call. Source: TFLM ``SoftmaxPrepare``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses this quantisation.
    """
    if not input_shape or input_shape != output_shape:
        raise InvalidShape(f"shapes {list(input_shape)} and {list(output_shape)} must be equal and not scalar")
    if output_quant != _OUTPUT_QUANT:
        raise ValueError(
            f"the output's scale {output_quant.scale:g} and zero point {output_quant.zero_point} must be 1/256 and -128"
        )
    multiplier, left_shift = preprocess_softmax_scaling(beta, input_quant.scale, _INTEGER_BITS)
    return SoftmaxParams(
        input_shape=input_shape,
        output_shape=output_shape,
        beta=beta,
        input_quant=input_quant,
        output_quant=output_quant,
        input_multiplier=multiplier,
        input_left_shift=left_shift,
        diff_min=-calculate_input_radius(_INTEGER_BITS, left_shift),
    )


def softmax_exponentials(params: SoftmaxParams) -> Int64Array:
    """For each distance 0..255 to the row's maximum, the exponential as Q0.31; 0 beyond ``diff_min``."""
    differences = -np.arange(256)
    shifted = wrap_int32(differences << params.input_left_shift)
    rescaled = saturating_rounding_doubling_high_mul(shifted, params.input_multiplier)
    return np.where(differences >= params.diff_min, exp_on_negative_values(rescaled), 0)
