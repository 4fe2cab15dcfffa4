"""UNIDIRECTIONAL_SEQUENCE_LSTM as a call of ``unidirectional_sequence_lstm.h``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.fixed_point import Int64Array, reduced_multiplier
from ember_infer_core.int16_functions import SIGMOID
from ember_infer_core.slots import INT8
from ember_infer_firmware.kernels.channels import wrapped
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.unidirectional_sequence_lstm import LstmParams
    from ember_infer_core.slots import AnyArray, Int8Array
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan"]

_HEADER = "unidirectional_sequence_lstm"
_LSTM = Kernel("lstm", _HEADER, 4)
_LSTM16 = Kernel("lstm16", _HEADER, 4)
KERNELS = (_LSTM, _LSTM16)


def plan(
    context: Context,
    params: LstmParams,
    input: Place,
    input_weights: Sequence[Int8Array],
    recurrent_weights: Sequence[Int8Array],
    bias: Sequence[AnyArray],
    output: Place,
    hidden_state: Place,
    cell_state: Place,
) -> list[Step]:
    """One call for all time steps and sequences; it needs no memory but the operands."""
    starts = np.stack(bias).astype(np.int64)
    fields = {
        **_sums(context, params, "input", input_weights, starts),
        **_sums(context, params, "hidden", recurrent_weights, np.zeros_like(starts)),
        **_update(context, params),
        **_steps(params),
    }
    kernel = _LSTM if params.dtype == INT8 else _LSTM16
    return [Step(kernel, fields, (input, hidden_state, cell_state, output))]


def _sums(
    context: Context, params: LstmParams, row: str, weights: Sequence[Int8Array], bias: Int64Array
) -> dict[str, Value]:
    """The fields of the sums over a row: the input's or the hidden state's."""
    if row == "input":
        zero, offsets = params.input_offset, params.input_weights_offset
        multiplier, shift = params.input_multiplier, params.input_shift
    else:
        zero, offsets = params.hidden_offset, params.recurrent_weights_offset
        multiplier, shift = params.recurrent_multiplier, params.recurrent_shift
    gates = np.stack(weights)  # (gates, units, depth)
    depth = gates.shape[2]
    start = bias + zero * (gates.sum(2, dtype=np.int64) + depth * np.array(offsets)[:, None])
    fields: dict[str, Value] = {
        f"{row}.weights": context.constant(f"{row}_weights", gates.transpose(1, 2, 0)),
        f"{row}.depth": depth,
        f"{row}.weights_offset": tuple(offsets),
    }
    if params.dtype == INT8:
        fields[f"{row}.bias"] = context.constant(f"{row}_bias", wrapped(start.T))
        fields[f"{row}.multiplier"] = tuple(multiplier.tolist())
        fields[f"{row}.shift"] = tuple(shift.tolist())
    else:
        fields[f"{row}.bias"] = context.constant(f"{row}_bias", start.T)
        fields[f"{row}.multiplier"] = tuple(reduced_multiplier(multiplier.astype(np.int64)).tolist())
        fields[f"{row}.right_shift"] = tuple((15 - shift).tolist())
    return fields


def _update(context: Context, params: LstmParams) -> dict[str, Value]:
    return {
        "update.sigmoid": context.constant("sigmoid", SIGMOID.astype(np.uint16)),
        "update.linear": int(params.linear_cell_gate),
        "update.cell_multiplier": params.cell_multiplier,
        "update.cell_shift": params.cell_shift,
        "update.cell_min": params.cell_min,
        "update.cell_max": params.cell_max,
        "update.tanh_multiplier": params.tanh_multiplier,
        "update.tanh_shift": params.tanh_shift,
        "update.hidden_multiplier": params.hidden_multiplier,
        "update.hidden_shift": params.hidden_shift,
        "update.hidden_offset": params.hidden_offset,
    }


def _steps(params: LstmParams) -> dict[str, Value]:
    sequences, times = (1, params.batch) if params.time_major else (params.time_steps, 1)
    return {
        "steps.batch": params.batch,
        "steps.steps": params.time_steps,
        "steps.units": params.units,
        "steps.input_time": params.depth * times,
        "steps.input_batch": params.depth * sequences,
        "steps.output_time": params.units * times,
        "steps.output_batch": params.units * sequences,
    }
