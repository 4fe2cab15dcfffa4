"""SOFTMAX: parameters, shape rule, scratch signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ember_infer_core.fixed_point import (
    Int64Array,
    exp_on_negative_values,
    saturating_rounding_doubling_high_mul,
    wrap_int32,
)
from ember_infer_core.ops.common import (
    ByteArray,
    Int8Array,
    Operand,
    Role,
    Shape,
    no_scratch,
    unbound_int8,
)
from ember_infer_core.quantization import QuantParam

if TYPE_CHECKING:
    from ember_infer_core.backend import KernelBackend

__all__ = ["SoftmaxParams", "softmax_exponentials"]


@dataclass(slots=True, kw_only=True, eq=False)
class SoftmaxParams:
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
    scratch: ByteArray = field(default_factory=no_scratch, repr=False)
    cache: dict[str, Any] | None = field(default=None, repr=False)

    def scratch_size(self, backend: type[KernelBackend]) -> int:
        """Bytes of scratch that ``backend`` asks for in this call."""
        return backend.softmax_scratch_size(self.input_shape[-1])


def softmax_exponentials(params: SoftmaxParams) -> Int64Array:
    """For each distance 0..255 to the row's maximum, the exponential as Q0.31; 0 beyond ``diff_min``."""
    differences = -np.arange(256)
    shifted = wrap_int32(differences << params.input_left_shift)
    rescaled = saturating_rounding_doubling_high_mul(shifted, params.input_multiplier)
    return np.where(differences >= params.diff_min, exp_on_negative_values(rescaled), 0)
