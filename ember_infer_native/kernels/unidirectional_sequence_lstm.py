"""UNIDIRECTIONAL_SEQUENCE_LSTM as two steps of ``unidirectional_sequence_lstm.h``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.fixed_point import Int64Array, reduced_multiplier, wrap_int32
from ember_infer_core.int16_functions import SIGMOID
from ember_infer_core.ops.unidirectional_sequence_lstm import GATES
from ember_infer_core.slots import INT8, AnyArray, Int8Array, Int32Array
from ember_infer_native.kernels.conv2d import GENERIC_TILE, pack_weights, tiles
from ember_infer_native.kernels.fully_connected import int8_parts
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.plan import Kernel, Layout, Place, Pointer, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.unidirectional_sequence_lstm import LstmParams
    from ember_infer_native.kernels.context import Context

__all__ = ["UNIDIRECTIONAL_SEQUENCE_LSTM"]

_BITS = (8, 16)
_SUMS = Kernel(
    "lstm_sums", "unidirectional_sequence_lstm", "lstm_sums", 3, tuple((bits, *GENERIC_TILE) for bits in _BITS)
)
_RECURRENCE = Kernel(
    "lstm", "unidirectional_sequence_lstm", "lstm", 7, tuple((bits, *GENERIC_TILE[2:]) for bits in _BITS)
)
_LAST_OF_LOGISTIC = 0x7FFF << 1  # what the functions come to from the last entry of the table on
_LAST_OF_TANH = 0xFFFF


def _plan(
    context: Context,
    params: LstmParams,
    input: Place,
    input_weights: Sequence[Int8Array],
    recurrent_weights: Sequence[Int8Array],
    bias: Sequence[AnyArray],
    hidden_state: Place,
    cell_state: Place,
    output: Place,
) -> list[Step]:
    lanes, bits = context.target.lanes, 8 * params.dtype.itemsize
    batch, steps, units = params.batch, params.time_steps, params.units
    channels = len(GATES) * units
    vectors = -(-channels // lanes)
    input_tile, hidden_tile = tiles(context, batch * steps, vectors), tiles(context, 1, vectors)
    of_input, weights_of_input = _sums(
        context,
        params,
        input_tile[2],
        _weights(input_weights, params.input_weights_offset),
        params.input_offset,
        np.concatenate(bias).astype(np.int64),
        params.input_multiplier,
        params.input_shift,
    )
    of_hidden, weights_of_hidden = _sums(
        context,
        params,
        hidden_tile[2],
        _weights(recurrent_weights, params.recurrent_weights_offset),
        params.hidden_offset,
        np.zeros(channels, np.int64),
        params.recurrent_multiplier,
        params.recurrent_shift,
    )
    # Kernels read LANES units at a time, which may begin in the last of all channels.
    beyond = Layout(1, 1, 4 * lanes, 1).size
    products = context.temporaries.allocate(Layout(1, 1, 4 * lanes * vectors * batch * steps + beyond, 1)).first
    memory = context.temporaries.allocate(Layout(1, 1, 4 * (lanes * vectors + units) + 2 * beyond, 1)).first
    fields = _steps_and_limits(params, vectors * lanes) | of_hidden
    sums = {"rows": batch * steps, **of_input}
    places = (products, hidden_state.first, cell_state.first, output.first, memory, weights_of_hidden)
    return [
        Step(_SUMS, (bits, *input_tile), sums, (input.first, products, weights_of_input)),
        Step(_RECURRENCE, (bits, *hidden_tile[2:]), fields, (*places, _tables(context, params))),
    ]


def _steps_and_limits(params: LstmParams, row_step: int) -> dict[str, int]:
    """The fields of the recurrence but its sums: where samples and time steps lie, and the cell's numbers."""
    batch, steps, units = params.batch, params.time_steps, params.units
    samples, times = (1, batch) if params.time_major else (steps, 1)
    size = params.dtype.itemsize * units
    return {
        "batch": batch,
        "steps": steps,
        "units": units,
        "batch_step": row_step * samples,
        "time_step": row_step * times,
        "output_batch_step": size * samples,
        "output_time_step": size * times,
        "linear": int(params.linear_cell_gate),
        "cell_min": params.cell_min,
        "cell_max": params.cell_max,
        "tanh_multiplier": params.tanh_multiplier,
        "tanh_shift": params.tanh_shift,
        "hidden_zero": -params.hidden_offset,
    }


def _weights(weights: Sequence[Int8Array], offsets: Sequence[int]) -> Int64Array:
    """Of all gates, zero points included."""
    parts = [one.astype(np.int64) + offset for one, offset in zip(weights, offsets, strict=True)]
    return np.concatenate(parts)


def _sums(
    context: Context,
    params: LstmParams,
    together: int,
    weights: Int64Array,
    offset: int,
    bias: Int64Array,
    multiplier: Int32Array,
    shift: Int32Array,
) -> tuple[dict[str, int], Pointer]:
    """The fields of sums of these weights ``(channels, depth)``, and their constants."""
    target = context.target
    channels, depth = weights.shape
    vectors, quads, parts = -(-channels // target.lanes), -(-depth // 4), int8_parts(weights)
    fields = {
        "depth": depth,
        "row": depth * params.dtype.itemsize,
        "parts": len(parts),
        "quads": quads,
        "channels": channels,
        "vectors": vectors,
    }
    multipliers, shifts = (np.repeat(one.astype(np.int64), params.units) for one in (multiplier, shift))
    if params.dtype != INT8:
        missing = bias + offset * weights.sum(1)
        return fields, context.constants.add(_pack_wide(weights, missing, multipliers, shifts))
    # Memory holds int8 values plus the target's bias.
    missing = wrap_int32(bias + (offset - target.bias) * weights.sum(1))
    arrays = [missing, multipliers, np.maximum(shifts, 0), np.maximum(-shifts, 0), np.zeros_like(shifts)]
    packed = pack_weights(context, np.stack(parts, 1)[:, :, None, :], vectors, quads, together)
    return fields, context.constants.add(packed + b"".join(_filled(array, vectors * target.lanes) for array in arrays))


def _filled(array: Int64Array, length: int) -> bytes:
    return np.pad(array, (0, length - len(array))).astype(np.int32).tobytes()


def _pack_wide(weights: Int64Array, bias: Int64Array, multipliers: Int64Array, shifts: Int64Array) -> bytes:
    """For sums of 64 bits, whose multipliers have 16."""
    packed = weights.astype(np.int16).tobytes()
    scaling = np.concatenate((reduced_multiplier(multipliers), 15 - shifts)).astype(np.int32).tobytes()
    return bias.tobytes() + packed + bytes(-len(packed) % 4) + scaling


def _tables(context: Context, params: LstmParams) -> Pointer:
    """The two functions, and the multipliers of products of gates."""
    lanes = context.target.lanes
    tables = [_table(_LAST_OF_LOGISTIC), _table(_LAST_OF_TANH)]
    scalings = [
        (1 << 30, -14),  # 2**-15
        (params.cell_multiplier, params.cell_shift),
        (params.hidden_multiplier, params.hidden_shift),
    ]
    factors = [np.repeat((multiplier, 0, -shift), lanes).astype(np.int32) for multiplier, shift in scalings]
    return context.constants.add(b"".join(array.tobytes() for array in (*tables, *factors)))


def _table(last: int) -> Int32Array:
    """Entries of the sigmoid, each with its step to the next in the high half; the last one stands for all beyond."""
    values = np.append(SIGMOID[:-1], last)
    steps = np.append(np.diff(SIGMOID), 0)
    table: Int32Array = (values + (steps << 16)).astype(np.int32)
    return table


def _work(params: LstmParams) -> int:
    return params.batch * params.time_steps * len(GATES) * params.units * (params.depth + params.units)


UNIDIRECTIONAL_SEQUENCE_LSTM = NativeOperator(_plan, (_SUMS, _RECURRENCE), work=_work)
