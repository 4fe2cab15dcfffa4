"""UNIDIRECTIONAL_SEQUENCE_LSTM: parameters and their preparation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import InvalidShape, Undefined
from ember_infer_core.ops.common import element_count
from ember_infer_core.quantization import (
    QuantParam,
    check_defined_shift,
    integer_range,
    quantize_multiplier,
    quantize_multipliers,
    round_half_away_from_zero,
)
from ember_infer_core.slots import (
    INT8,
    INT16,
    AnyArray,
    DType,
    Int8Array,
    Int32Array,
    Operand,
    OperatorParams,
    Role,
    Shape,
    unbound,
    unbound_int8,
)

__all__ = ["GATES", "LstmParams", "prepare"]

# The order of everything that there is one of for each gate.
GATES = ("input", "forget", "cell", "output")

_GATE_SCALE = 2.0**-12  # of the sums that gates are made of
_MAX_SHIFT_16_BITS = 14  # of a multiplier of 16 bits, whose product is then shifted to the right by 1 bit
_INT16_MIN, _INT16_MAX = integer_range(np.int16)
_BITS_OF_E = np.float32(1 / math.log(2))
_MAX_CELL_BITS = 2  # with a cell scale beyond 2**2, TFLM's product of cell and multiplier leaves 32 bits


@dataclass(slots=True, kw_only=True, eq=False)
class LstmParams(OperatorParams):
    """A long short-term memory over the time steps of a sequence, from the state that the last sequence left.

    For each time step and gate, the sum of ``(input + input_offset) * (input_weights + input_weights_offset)`` plus the
    bias, and that of ``(hidden_state + hidden_offset) * (recurrent_weights + recurrent_weights_offset)``, are scaled by
    ``multiplier * 2**(shift - 31)`` to Q3.12, each saturated to int16, then added up and saturated. The cell gate goes
    through tanh, the others through the logistic function, to Q0.15 (``int16_functions.py``). Then, ``scaled`` being
    multiplication by a power of two or by a multiplier, and every sum and term saturated to int16::

        cell_state = clamp(scaled(forget * cell_state, 2**-15) + scaled(input * cell, cell_multiplier))
        hidden_state = scaled(tanh(cell_state) * output, hidden_multiplier) - hidden_offset

    with the cell clamped to ``[cell_min, cell_max]``, and the hidden state, saturated to its type, as the output.

    With int8 data, sums are int32 and wrap, and multipliers have 31 bits and two roundings. With int16 data, sums are
    int64, and the gates' multipliers are rounded to 16 bits and their products once.

    Attributes:
        input_shape: ``(batch, time steps, depth)``, or ``(time steps, batch, depth)`` where ``time_major``.
        output_shape: the same with ``units`` in place of the depth.
        hidden_state_shape, cell_state_shape: of ``batch * units`` elements.
        units: of the cell.
        dtype: int8 or int16, of ``input``, ``hidden_state`` and ``output``.
        bias_dtype: int32 with int8 data, int64 with int16.
        linear_cell_gate: the cell gate stays as it is: what TFLM makes of every fused activation but TANH.
        input_quant, hidden_state_quant, cell_state_quant: of the data and of the state.
        input_weights_quants, recurrent_weights_quants: for each gate in the order of ``GATES``.
        input_offset, hidden_offset: minus the zero points.
        input_weights_offset, recurrent_weights_offset: likewise, for each gate in the order of ``GATES``.
        input_multiplier, input_shift, recurrent_multiplier, recurrent_shift: int32 ``(4,)``, for each gate.
        cell_multiplier, cell_shift, hidden_multiplier, hidden_shift: of the products of gates.
        cell_min, cell_max: the cell's clamp.
        tanh_multiplier, tanh_shift: of the cell state, for its tanh; see ``int16_functions.tanh_int16``.
        input, output, scratch: the buffers.
        input_weights: for each gate int8 ``(units, depth)``.
        recurrent_weights: for each gate int8 ``(units, units)``.
        bias: for each gate ``(units,)``.
        hidden_state, cell_state: what the last time step has left; the cell is int16.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("input", Role.INPUT, None),
        Operand("input_weights", Role.CONSTANT, many=True),
        Operand("recurrent_weights", Role.CONSTANT, many=True),
        Operand("bias", Role.CONSTANT, None, many=True),
        Operand("output", Role.OUTPUT, None),
        Operand("hidden_state", Role.STATE, None),
        Operand("cell_state", Role.STATE, np.int16),
    )

    input_shape: Shape
    output_shape: Shape
    hidden_state_shape: Shape
    cell_state_shape: Shape
    units: int
    time_major: bool = False
    dtype: DType = INT8
    linear_cell_gate: bool = False
    input_quant: QuantParam
    input_weights_quants: tuple[QuantParam, ...]
    recurrent_weights_quants: tuple[QuantParam, ...]
    hidden_state_quant: QuantParam
    cell_state_quant: QuantParam
    input_offset: int
    hidden_offset: int
    input_weights_offset: tuple[int, ...]
    recurrent_weights_offset: tuple[int, ...]
    input_multiplier: Int32Array
    input_shift: Int32Array
    recurrent_multiplier: Int32Array
    recurrent_shift: Int32Array
    cell_multiplier: int
    cell_shift: int
    cell_min: int
    cell_max: int
    tanh_multiplier: int
    tanh_shift: int
    hidden_multiplier: int
    hidden_shift: int
    input: AnyArray = field(default_factory=unbound_int8, repr=False)
    input_weights: tuple[Int8Array, ...] = field(default=(), repr=False)
    recurrent_weights: tuple[Int8Array, ...] = field(default=(), repr=False)
    bias: tuple[AnyArray, ...] = field(default=(), repr=False)
    hidden_state: AnyArray = field(default_factory=unbound_int8, repr=False)
    cell_state: AnyArray = field(default_factory=lambda: unbound(np.int16), repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)

    @property
    def batch(self) -> int:
        """Sequences at a time."""
        return self.input_shape[1 if self.time_major else 0]

    @property
    def time_steps(self) -> int:
        """Of a sequence."""
        return self.input_shape[0 if self.time_major else 1]

    @property
    def depth(self) -> int:
        """Elements of the input at a time step."""
        return self.input_shape[2]

    @property
    def bias_dtype(self) -> DType:
        """Of the biases."""
        return np.dtype(np.int32 if self.dtype == INT8 else np.int64)

    @property
    def input_weights_shapes(self) -> tuple[Shape, ...]:
        """``(units, depth)`` for each gate."""
        return ((self.units, self.depth),) * len(GATES)

    @property
    def recurrent_weights_shapes(self) -> tuple[Shape, ...]:
        """``(units, units)`` for each gate."""
        return ((self.units, self.units),) * len(GATES)

    @property
    def bias_shapes(self) -> tuple[Shape, ...]:
        """``(units,)`` for each gate."""
        return ((self.units,),) * len(GATES)


def prepare(
    *,
    input_shape: Shape,
    output_shape: Shape,
    hidden_state_shape: Shape,
    cell_state_shape: Shape,
    input_weights_shapes: Sequence[Shape],
    recurrent_weights_shapes: Sequence[Shape],
    bias_shapes: Sequence[Shape],
    input_quant: QuantParam,
    input_weights_quants: Sequence[QuantParam],
    recurrent_weights_quants: Sequence[QuantParam],
    hidden_state_quant: QuantParam,
    cell_state_quant: QuantParam,
    dtype: DType = INT8,
    time_major: bool = False,
    fused_activation: FusedActivation = FusedActivation.TANH,
    cell_clip: float = 0.0,
) -> LstmParams:
    """The parameters of a call. Sources: TFLM ``UnidirectionalSequenceLstmPrepare``, ``CreateGateParams``,
    ``CreateInterGateParams``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these ranks.
        Undefined: TFLM leaves open what these shapes or scales give.
    """
    if len(input_shape) != 3:
        raise Undefined(f"the input has shape {list(input_shape)}, of which TensorFlow Lite Micro reads three sizes")
    if len(hidden_state_shape) < 2:
        raise ValueError(f"a hidden state of shape {list(hidden_state_shape)} does not say how many units there are")
    units = hidden_state_shape[1]
    params = LstmParams(
        input_shape=input_shape,
        output_shape=output_shape,
        hidden_state_shape=hidden_state_shape,
        cell_state_shape=cell_state_shape,
        units=units,
        time_major=time_major,
        dtype=dtype,
        linear_cell_gate=fused_activation is not FusedActivation.TANH,
        input_quant=input_quant,
        input_weights_quants=tuple(input_weights_quants),
        recurrent_weights_quants=tuple(recurrent_weights_quants),
        hidden_state_quant=hidden_state_quant,
        cell_state_quant=cell_state_quant,
        input_offset=-input_quant.zero_point,
        hidden_offset=-hidden_state_quant.zero_point,
        input_weights_offset=tuple(-quant.zero_point for quant in input_weights_quants),
        recurrent_weights_offset=tuple(-quant.zero_point for quant in recurrent_weights_quants),
        **_gates("input", input_quant, input_weights_quants, dtype),
        **_gates("recurrent", hidden_state_quant, recurrent_weights_quants, dtype),
        **_products_of_gates("cell", cell_state_quant),
        **_products_of_gates("hidden", hidden_state_quant),
        **_cell_clamp(cell_clip, cell_state_quant),
        **_tanh_of_cell(cell_state_quant),
    )
    _check_shapes(params, input_weights_shapes, recurrent_weights_shapes, bias_shapes)
    return params


def _check_shapes(
    params: LstmParams,
    input_weights_shapes: Sequence[Shape],
    recurrent_weights_shapes: Sequence[Shape],
    bias_shapes: Sequence[Shape],
) -> None:
    """Source: TFLM ``ValidateTensorSize``."""
    for name, found, wanted in (
        ("input weights", input_weights_shapes, params.input_weights_shapes),
        ("recurrent weights", recurrent_weights_shapes, params.recurrent_weights_shapes),
        ("bias", bias_shapes, params.bias_shapes),
    ):
        for gate, shape, one in zip(GATES, found, wanted, strict=True):
            if shape != one:
                raise InvalidShape(f"{name} of the {gate} gate: shape {list(one)} is wanted, not {list(shape)}")
    for name, shape in (("hidden", params.hidden_state_shape), ("cell", params.cell_state_shape)):
        if element_count(shape) != params.batch * params.units:
            raise InvalidShape(
                f"a {name} state of shape {list(shape)} does not hold {params.batch} times {params.units} units"
            )
    if params.output_shape != (*params.input_shape[:2], params.units):
        raise InvalidShape(
            f"an output of shape {list(params.output_shape)} does not hold {params.units} units for each time step of "
            f"an input of shape {list(params.input_shape)}"
        )


def _gates(name: str, quant: QuantParam, weights: Sequence[QuantParam], dtype: DType) -> dict[str, Any]:
    """Of the sums of one operand; source: TFLM ``CreateFcParams``, with which gates are fully connected layers."""
    multipliers, shifts = quantize_multipliers([quant.scale * one.scale / _GATE_SCALE for one in weights])
    for shift in shifts.tolist():
        if dtype == INT16 and shift > _MAX_SHIFT_16_BITS:
            raise Undefined(
                f"its {name} scales give a multiplier of 2**{_MAX_SHIFT_16_BITS} or more, which TensorFlow Lite Micro "
                "would shift by a negative number of bits"
            )
        check_defined_shift(shift)
    return {f"{name}_multiplier": multipliers, f"{name}_shift": shifts}


def _products_of_gates(name: str, quant: QuantParam) -> dict[str, Any]:
    """Of a product of two values of Q0.15."""
    multiplier, shift = quantize_multiplier(2.0**-30 / float(quant.scale))  # older firmware, too, has these in double
    if shift > 0:
        raise Undefined(
            f"the {name} state's scale {quant.scale:g} is so small that products of gates leave 32 bits; what "
            "TensorFlow Lite Micro computes then is undefined"
        )
    return {f"{name}_multiplier": multiplier, f"{name}_shift": shift}


def _cell_clamp(cell_clip: float, quant: QuantParam) -> dict[str, Any]:
    """Source: TFLM ``CreateLstmCellStateInfo``: a clip of 0, a negative one or NaN is none."""
    if not cell_clip > 0:
        return {"cell_min": _INT16_MIN, "cell_max": _INT16_MAX}
    most = int(min(cell_clip / float(quant.scale), float(_INT16_MAX)))
    return {"cell_min": -most, "cell_max": most}


def _tanh_of_cell(quant: QuantParam) -> dict[str, Any]:
    """The cell counts as if its scale were the nearest power of two. Source: TFLM ``CreateLstmCellStateInfo``,
    ``CheckedLog2``.
    """
    logarithm = np.float32(math.log(quant.scale)) * _BITS_OF_E  # in float32, in which sqrt(2)'s neighbours are halves
    power = int(round_half_away_from_zero(np.asarray(logarithm)))
    if power > _MAX_CELL_BITS:
        raise Undefined(
            f"the cell state's scale {quant.scale:g} is so large that its tanh leaves 32 bits; what TensorFlow Lite "
            "Micro computes then is undefined"
        )
    bits = power + 12
    return {"tanh_multiplier": 3 << max(bits, 0), "tanh_shift": max(-bits, 0)}
