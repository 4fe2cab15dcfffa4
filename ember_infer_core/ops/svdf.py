"""SVDF: parameters and their preparation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ember_infer_core.errors import InvalidShape
from ember_infer_core.ops.common import element_count
from ember_infer_core.quantization import QuantParam, check_defined_shift, quantize_multiplier
from ember_infer_core.slots import (
    INT8,
    AnyArray,
    DType,
    Int8Array,
    Int32Array,
    Operand,
    OperatorParams,
    Role,
    Shape,
    unbound_int8,
)

__all__ = ["SvdfParams", "check_bias_scale", "prepare"]

# By how much TFLM lets the scale of a bias be off (``PrepareSvdf``).
_BIAS_SCALE_TOLERANCE = 1e-5


@dataclass(slots=True, kw_only=True, eq=False)
class SvdfParams(OperatorParams):
    """A layer of filters, each of which remembers what it gave in its last runs.

    For each row of the input, each filter takes the sum of ``(input + input_offset) * weights_feature``, scaled by
    ``state_multiplier * 2**(state_shift - 31)``, clamped to the range of the state's type, less ``state_offset``, which
    wraps in that type. The filter's state moves one element towards its start and takes this as its last element. Then
    each unit, which has ``rank`` filters, takes the sum of ``(state + state_offset) * weights_time`` over them, plus
    ``bias[unit]``, scaled by ``output_multiplier * 2**(output_shift - 31)``, offset by ``output_offset`` and clamped to
    int8. Sums wrap in int32. There is no fused activation: TFLM ignores it.

    Attributes:
        input_shape: ``(batches, depth)``.
        weights_feature_shape: ``(filters, depth)``.
        weights_time_shape: ``(filters, memory)``.
        output_shape: ``(batches, units)``.
        rank: filters of a unit, which follow one another.
        dtype: int8 or int16, of the time weights and the state.
        input_quant, weights_feature_quant, weights_time_quant, state_quant, output_quant: each tensor has its own.
        input_offset, state_offset: minus the zero points.
        output_offset: the output's zero point.
        input, weights_feature, weights_time, bias, output, state, scratch: the buffers; the bias is int32, the state
            ``(batches, filters * memory)``.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("input", Role.INPUT),
        Operand("weights_feature", Role.CONSTANT),
        Operand("weights_time", Role.CONSTANT, None),
        Operand("bias", Role.CONSTANT, np.int32),
        Operand("output", Role.OUTPUT),
        Operand("state", Role.STATE, None),
    )

    input_shape: tuple[int, int]
    weights_feature_shape: tuple[int, int]
    weights_time_shape: tuple[int, int]
    output_shape: tuple[int, int]
    rank: int
    dtype: DType = INT8
    input_quant: QuantParam
    weights_feature_quant: QuantParam
    weights_time_quant: QuantParam
    state_quant: QuantParam
    output_quant: QuantParam
    input_offset: int
    state_multiplier: int
    state_shift: int
    state_offset: int
    output_multiplier: int
    output_shift: int
    output_offset: int
    input: Int8Array = field(default_factory=unbound_int8, repr=False)
    weights_feature: Int8Array = field(default_factory=unbound_int8, repr=False)
    weights_time: AnyArray = field(default_factory=unbound_int8, repr=False)
    bias: Int32Array = field(default_factory=lambda: np.empty(0, np.int32), repr=False)
    output: Int8Array = field(default_factory=unbound_int8, repr=False)
    state: AnyArray = field(default_factory=unbound_int8, repr=False)

    @property
    def bias_shape(self) -> tuple[int]:
        """``(units,)``."""
        return (self.output_shape[1],)

    @property
    def state_shape(self) -> tuple[int, int]:
        """``(batches, filters * memory)``."""
        filters, memory = self.weights_time_shape
        return self.input_shape[0], filters * memory


def prepare(
    *,
    input_shape: Shape,
    weights_feature_shape: Shape,
    weights_time_shape: Shape,
    bias_shape: Shape,
    state_shape: Shape,
    output_shape: Shape,
    rank: int,
    dtype: DType = INT8,
    input_quant: QuantParam,
    weights_feature_quant: QuantParam,
    weights_time_quant: QuantParam,
    state_quant: QuantParam,
    output_quant: QuantParam,
) -> SvdfParams:
    """The parameters of a call. Source: TFLM ``PrepareSvdf``.

    Raises:
        InvalidShape: the shapes contradict each other.
        Undefined: TFLM leaves open what these scales give.
    """
    batches, depth, filters, memory, units = _sizes(
        rank, input_shape, weights_feature_shape, weights_time_shape, bias_shape
    )
    _check_shape("state", state_shape, (batches, filters * memory))
    _check_shape("output", output_shape, (batches, units))
    state_multiplier, state_shift = quantize_multiplier(
        input_quant.scale * weights_feature_quant.scale / state_quant.scale
    )
    output_multiplier, output_shift = quantize_multiplier(
        state_quant.scale * weights_time_quant.scale / output_quant.scale
    )
    check_defined_shift(max(state_shift, output_shift))
    return SvdfParams(
        input_shape=(batches, depth),
        weights_feature_shape=(filters, depth),
        weights_time_shape=(filters, memory),
        output_shape=(batches, units),
        rank=rank,
        dtype=dtype,
        input_quant=input_quant,
        weights_feature_quant=weights_feature_quant,
        weights_time_quant=weights_time_quant,
        state_quant=state_quant,
        output_quant=output_quant,
        input_offset=-input_quant.zero_point,
        state_multiplier=state_multiplier,
        state_shift=state_shift,
        state_offset=-state_quant.zero_point,
        output_multiplier=output_multiplier,
        output_shift=output_shift,
        output_offset=output_quant.zero_point,
    )


def _sizes(
    rank: int, input_shape: Shape, weights_feature_shape: Shape, weights_time_shape: Shape, bias_shape: Shape
) -> tuple[int, int, int, int, int]:
    """Batches, elements of an input, filters, elements that each remembers, and units."""
    if rank < 1 or any(len(shape) != 2 for shape in (input_shape, weights_feature_shape, weights_time_shape)):
        raise InvalidShape(
            f"rank {rank}, an input of shape {list(input_shape)}, feature weights of {list(weights_feature_shape)} and "
            f"time weights of {list(weights_time_shape)}: a rank above 0 and shapes with two axes are wanted"
        )
    (batches, depth), (filters, taken), (rows, memory) = input_shape, weights_feature_shape, weights_time_shape
    units, remainder = divmod(filters, rank)
    if (taken, rows, remainder) != (depth, filters, 0):
        raise InvalidShape(
            f"feature weights of shape {list(weights_feature_shape)} and time weights of {list(weights_time_shape)} do "
            f"not fit an input of {list(input_shape)} and rank {rank}"
        )
    if bias_shape[:1] != (units,) or element_count(bias_shape) != units:
        raise InvalidShape(f"the bias has shape {list(bias_shape)}, where {[units]} is wanted")
    return batches, depth, filters, memory, units


def _check_shape(name: str, shape: Shape, wanted: Shape) -> None:
    if shape != wanted:
        raise InvalidShape(f"the {name} has shape {list(shape)}, where {list(wanted)} is wanted")


def check_bias_scale(state_quant: QuantParam, weights_time_quant: QuantParam, bias_scale: float) -> None:
    """Checks that a bias is quantised as products of state and time weights are. Source: TFLM ``PrepareSvdf``.

    Raises:
        ValueError: where TFLM refuses the model.
    """
    product = state_quant.scale * weights_time_quant.scale
    if abs(bias_scale - product) >= _BIAS_SCALE_TOLERANCE:
        raise ValueError(
            f"the bias has the scale {bias_scale:g}, not state scale times time weight scale ({product:g})"
        )
