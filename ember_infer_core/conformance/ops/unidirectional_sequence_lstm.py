"""UNIDIRECTIONAL_SEQUENCE_LSTM."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.conformance.arithmetic import Int64Array, clamped, scaled
from ember_infer_core.conformance.cases import Definition, OperatorCases
from ember_infer_core.conformance.contents import any_content
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.expected import Result
from ember_infer_core.conformance.mistakes import changed, constant
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.int16_functions import logistic_int16, tanh_int16
from ember_infer_core.ops.unidirectional_sequence_lstm import GATES, LstmParams, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray, Slot

__all__ = ["CASES"]

_INPUT, _FORGET, _CELL, _OUTPUT = range(len(GATES))
_LARGEST_BIAS = 2**40  # of 64-bit sums, which TFLM multiplies as long as they have 47 bits


def _define(params: LstmParams) -> list[AnyArray]:
    """Source: TFLM ``LstmStep``, ``CalculateLstmGate``, ``UpdateLstmCell``, ``UpdateLstmHidden``."""
    steps = params.input if params.time_major else params.input.swapaxes(0, 1)
    hidden = params.hidden_state.reshape(params.batch, params.units)
    cell = params.cell_state.reshape(hidden.shape).astype(np.int64)
    outputs = []
    for step in steps:
        gates = [_gate(params, gate, step, hidden) for gate in range(len(GATES))]
        product = scaled(gates[_INPUT] * gates[_CELL], params.cell_multiplier, params.cell_shift)
        cell = _int16(_int16(scaled(gates[_FORGET] * cell, 1 << 30, -14)) + _int16(product))
        cell = np.clip(cell, params.cell_min, params.cell_max)
        product = tanh_int16(cell, params.tanh_multiplier, params.tanh_shift) * gates[_OUTPUT]
        product = scaled(product, params.hidden_multiplier, params.hidden_shift)
        hidden = clamped(params, wrap_int32(product - params.hidden_offset))
        outputs.append(hidden)
    output = np.stack(outputs, 0 if params.time_major else 1)
    return [
        output,
        hidden.reshape(params.hidden_state_shape),
        cell.astype(np.int16).reshape(params.cell_state_shape),
    ]


def _gate(params: LstmParams, gate: int, step: AnyArray, hidden: AnyArray) -> Int64Array:
    of_input = (step.astype(np.int64) + params.input_offset) @ (
        params.input_weights[gate].astype(np.int64) + params.input_weights_offset[gate]
    ).T + params.bias[gate]
    of_hidden = (hidden.astype(np.int64) + params.hidden_offset) @ (
        params.recurrent_weights[gate].astype(np.int64) + params.recurrent_weights_offset[gate]
    ).T
    total = _int16(
        _scaled_sum(params, of_input, int(params.input_multiplier[gate]), int(params.input_shift[gate]))
        + _scaled_sum(params, of_hidden, int(params.recurrent_multiplier[gate]), int(params.recurrent_shift[gate]))
    )
    if gate != _CELL:
        return logistic_int16(total)
    return total if params.linear_cell_gate else tanh_int16(total)


def _scaled_sum(params: LstmParams, sums: Int64Array, multiplier: int, shift: int) -> Int64Array:
    if params.dtype == np.int8:
        return _int16(scaled(wrap_int32(sums), multiplier, shift))
    narrow = 0x7FFF if multiplier >= 0x7FFF0000 else (multiplier + (1 << 15)) >> 16
    return _int16(wrap_int32((sums * narrow + (1 << (14 - shift))) >> (15 - shift)))


def _int16(values: Int64Array) -> Int64Array:
    return np.clip(values, -(2**15), 2**15 - 1)


def _calls(drawer: CaseDrawer) -> LstmParams:
    dtype = drawer.dtype("int8", "int16")
    batch, steps, depth, units = drawer.integer(1, 3), drawer.integer(1, 4), drawer.depth(9), drawer.depth(6)
    time_major = drawer.one_of(False, True)
    around = (steps, batch) if time_major else (batch, steps)
    finer = 0 if dtype == np.int8 else 8
    return prepare(
        input_shape=(*around, depth),
        output_shape=(*around, units),
        hidden_state_shape=(batch, units),
        cell_state_shape=drawer.one_of((batch, units), (batch * units,)),
        input_weights_shapes=[(units, depth)] * len(GATES),
        recurrent_weights_shapes=[(units, units)] * len(GATES),
        bias_shapes=[(units,)] * len(GATES),
        input_quant=drawer.quant(-9 - finer, -4 - finer),
        input_weights_quants=_weights_quants(drawer),
        recurrent_weights_quants=_weights_quants(drawer),
        hidden_state_quant=drawer.quant(-8 - finer, -6 - finer),
        cell_state_quant=QuantParam(drawer.scale(-15, -8), 0),
        dtype=dtype,
        time_major=time_major,
        fused_activation=drawer.one_of(FusedActivation.TANH, FusedActivation.TANH, *FusedActivation),
        cell_clip=drawer.one_of(0.0, 0.0, 10.0, 0.5, 0.125),
    )


def _weights_quants(drawer: CaseDrawer) -> Sequence[QuantParam]:
    zero_point = drawer.one_of(0, 0, 0, None)
    return [QuantParam(drawer.scale(-10, -5), drawer.zero_point() if zero_point is None else zero_point) for _ in GATES]


def _content(params: LstmParams, slot: Slot, random: np.random.Generator) -> AnyArray:
    """Small biases among others: those of all sizes saturate most gates."""
    if slot.operand.name != "bias":
        return any_content(params, slot, random)
    limit = random.choice([1000, 2**17, 2**31 if slot.dtype == np.int32 else _LARGEST_BIAS])
    return random.integers(-limit, limit, slot.shape, slot.dtype.name)


def _exchanged_gates(params: LstmParams) -> dict[str, Sequence[AnyArray]]:
    """The forget gate and the cell gate taken for each other."""
    order = [_INPUT, _CELL, _FORGET, _OUTPUT]

    def reordered(values: Sequence[AnyArray]) -> tuple[AnyArray, ...]:
        return tuple(values[gate] for gate in order)

    return {name: reordered(getattr(params, name)) for name in ("input_weights", "recurrent_weights", "bias")}


def _forgetful(define: Definition, params: LstmParams) -> Result:
    zero = np.full_like(params.hidden_state, -params.hidden_offset if params.dtype == np.int8 else 0)
    return define(dataclasses.replace(params, hidden_state=zero, cell_state=np.zeros_like(params.cell_state)))


def _states_kept(define: Definition, params: LstmParams) -> Result:
    return [define(params)[0], params.hidden_state, params.cell_state]


def _without_bias(params: LstmParams) -> dict[str, Sequence[AnyArray]]:
    return {"bias": tuple(np.zeros_like(one) for one in params.bias)}


CASES: Mapping[str, OperatorCases] = {
    "unidirectional_sequence_lstm": OperatorCases(
        define=_define,
        calls=_calls,
        content=_content,
        mistakes={
            "starts from empty states in every call": _forgetful,
            "the states are left as they were": _states_kept,
            "the forget gate and the cell gate taken for each other": changed(_exchanged_gates),
            "bias ignored": changed(_without_bias),
            "input_offset ignored": constant(input_offset=0),
            "hidden_offset ignored": constant(hidden_offset=0),
            "zero points of the weights ignored": constant(
                input_weights_offset=(0,) * len(GATES), recurrent_weights_offset=(0,) * len(GATES)
            ),
            "the cell gate goes through tanh, whatever the activation": constant(linear_cell_gate=False),
            "the cell gate never goes through tanh": constant(linear_cell_gate=True),
            "cell_clip ignored": constant(cell_min=-(2**15), cell_max=2**15 - 1),
            "the cell's scale taken for 2**-12": constant(tanh_multiplier=3, tanh_shift=0),
        },
    )
}
