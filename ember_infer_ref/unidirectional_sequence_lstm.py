"""UNIDIRECTIONAL_SEQUENCE_LSTM: the input's part of all gates at once, then the states, time step by time step."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.fixed_point import Int64Array, reduced_multiplier
from ember_infer_core.int16_functions import logistic_int16, tanh_int16
from ember_infer_core.quantization import integer_range
from ember_infer_core.slots import INT8, AnyArray, Int8Array, Int32Array
from ember_infer_ref.dense import quiet_blas, row_blocks
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.unidirectional_sequence_lstm import LstmParams

__all__ = ["unidirectional_sequence_lstm"]

Int16Array: TypeAlias = npt.NDArray[np.int16]

_INT16 = integer_range(np.int16)
_FLOAT32_EXACT = 2**24
_Q15 = 1 << 30, -14  # 2**-15 as a multiplier and its shift


def unidirectional_sequence_lstm(params: LstmParams) -> None:
    """UNIDIRECTIONAL_SEQUENCE_LSTM. Source: TFLM ``LstmStep``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.unidirectional_sequence_lstm", _prepare)


def _prepare(params: LstmParams) -> Step:
    units, batch = params.units, params.batch
    of_input, of_hidden = _input_sums(params), _hidden_sums(params)
    inputs, outputs = of_input.sums.reshape(*params.input_shape[:2], 4, units), params.output
    if not params.time_major:
        inputs, outputs = inputs.swapaxes(0, 1), outputs.swapaxes(0, 1)
    time_steps = list(zip(inputs, outputs, strict=True))
    recurrent = of_hidden.sums.reshape(batch, 4, units)
    gates = np.empty_like(recurrent)
    update = _Update(params)
    hidden = params.hidden_state.reshape(batch, units)

    def run() -> None:
        with quiet_blas():
            of_input.run()
            update.load()
            for of_this_step, output in time_steps:
                of_hidden.run()
                np.add(of_this_step, recurrent, out=gates)
                gates.clip(*_INT16, out=gates)
                update.run(gates)
                np.copyto(output, hidden)

    return run


class _Update:
    """The states after a time step, from the sums of its gates."""

    def __init__(self, params: LstmParams) -> None:
        shape = params.batch, params.units
        self._hidden, self._cell = params.hidden_state.reshape(shape), params.cell_state.reshape(shape)
        self._gates = np.empty((params.batch, 4, params.units), np.int16)
        # int16 as an index into a table whose second half is of negative values.
        self._indices = self._gates.view(np.uint16).swapaxes(0, 1)
        # The cell is the sum of two products: of input gate and cell gate, and of forget gate and the cell before.
        self._factors, self._products = np.empty((2, 2, *shape), np.int64)
        self._scale = _scale(
            self._products,
            np.array([params.cell_multiplier, _Q15[0]]).reshape(2, 1, 1),
            np.array([params.cell_shift, _Q15[1]]).reshape(2, 1, 1),
        )
        self._result = np.empty(shape, np.int64)
        self._scale_result = _scale(self._result, params.hidden_multiplier, params.hidden_shift)
        self._cell_clamp, self._hidden_clamp = (params.cell_min, params.cell_max), integer_range(params.dtype)
        self._hidden_offset = params.hidden_offset
        self._linear = params.linear_cell_gate
        self._logistic, self._tanh = _logistic_table(), _tanh_table(3, 0)
        self._tanh_of_cell = _tanh_table(params.tanh_multiplier, params.tanh_shift)

    def load(self) -> None:
        """Takes the cell as it is now."""
        np.copyto(self._factors[1], self._cell)

    def run(self, sums: Int64Array) -> None:
        """From sums ``(batch, 4, units)`` that fit into int16."""
        (cell_gate, cell), products, result = self._factors, self._products, self._result
        np.copyto(self._gates, sums, casting="unsafe")
        np.copyto(cell_gate, self._gates[:, 2] if self._linear else self._tanh[self._indices[2]])
        gates = self._logistic[self._indices]
        np.multiply(gates[:2], self._factors, out=products)
        self._scale()
        products.clip(*_INT16, out=products)
        np.add(products[0], products[1], out=cell)
        cell.clip(*self._cell_clamp, out=cell)  # never beyond int16
        np.copyto(self._cell, cell, casting="unsafe")
        np.multiply(self._tanh_of_cell[self._cell.view(np.uint16)], gates[3], out=result, dtype=np.int64)
        self._scale_result()
        np.subtract(result, self._hidden_offset, out=result)
        np.copyto(result, result.astype(np.int32))  # it wraps, as in TFLM
        result.clip(*self._hidden_clamp, out=result)
        np.copyto(self._hidden, result, casting="unsafe")


class _Sums:
    """Of rows times the weights of all gates, scaled and saturated to int16, in int64.

    Attributes:
        sums: ``(rows, 4 * units)``, of the last run.
    """

    def __init__(
        self,
        params: LstmParams,
        rows: AnyArray,
        offset: int,
        weights: Sequence[Int8Array],
        weights_offset: Sequence[int],
        bias: Sequence[AnyArray],
        multiplier: Int32Array,
        shift: Int32Array,
    ) -> None:
        factors = np.concatenate(
            [one.astype(np.int64) + zero for one, zero in zip(weights, weights_offset, strict=True)]
        ).T
        addend = offset * factors.sum(0) + (np.concatenate(bias).astype(np.int64) if len(bias) else 0)
        self.sums: Int64Array = np.empty((len(rows), factors.shape[1]), np.int64)
        largest = np.abs(factors).sum(0).max(initial=0) * -integer_range(params.dtype)[0]
        dtype = np.float32 if largest <= _FLOAT32_EXACT else np.float64
        self._rows, self._addend = rows, addend
        self._real_factors = np.ascontiguousarray(factors, dtype)
        self._real_rows = np.empty(rows.shape, dtype)
        self._products = np.empty(self.sums.shape, dtype)
        per_unit = [np.repeat(one.astype(np.int64), params.units) for one in (multiplier, shift)]
        wide = params.dtype != INT8
        self._scale = (_scale_64_bits if wide else _scale)(self.sums, *per_unit)
        self._blocks = [
            (self._real_rows[block], self._products[block]) for block in row_blocks(len(rows), self._real_factors)
        ]

    def run(self) -> None:
        """The sums of the rows as they are now."""
        np.copyto(self._real_rows, self._rows)
        for rows, products in self._blocks:
            np.matmul(rows, self._real_factors, out=products)
        np.copyto(self.sums, self._products, casting="unsafe")
        np.add(self.sums, self._addend, out=self.sums)
        self._scale()
        self.sums.clip(*_INT16, out=self.sums)


def _input_sums(params: LstmParams) -> _Sums:
    return _Sums(
        params,
        params.input.reshape(-1, params.depth),
        params.input_offset,
        params.input_weights,
        params.input_weights_offset,
        params.bias,
        params.input_multiplier,
        params.input_shift,
    )


def _hidden_sums(params: LstmParams) -> _Sums:
    return _Sums(
        params,
        params.hidden_state.reshape(params.batch, params.units),
        params.hidden_offset,
        params.recurrent_weights,
        params.recurrent_weights_offset,
        (),
        params.recurrent_multiplier,
        params.recurrent_shift,
    )


def _scale(values: Int64Array, multiplier: Any, shift: Any) -> Step:
    """The step that multiplies values by quantised multipliers, in place: ``multiply_by_quantized_multiplier`` without
    what cannot be here (multipliers are not negative), and in half the calls.
    """
    left, right = np.maximum(shift, 0), np.maximum(np.negative(shift), 0)
    half = np.int64(1) << right >> 1
    rounds = np.where(right > 0, -1, 0)  # ties away from zero, where anything is rounded
    wrapped, sign = np.empty(values.shape, np.int32), np.empty_like(values)
    moves = bool(np.any(left))

    def run() -> None:
        if moves:
            np.left_shift(values, left, out=values)
        np.copyto(wrapped, values, casting="unsafe")
        np.multiply(wrapped, multiplier, out=values, dtype=np.int64)
        np.add(values, 1 << 30, out=values)
        np.right_shift(values, 31, out=values)
        np.right_shift(values, 63, out=sign)
        np.bitwise_and(sign, rounds, out=sign)
        np.add(values, sign, out=values)
        np.add(values, half, out=values)
        np.right_shift(values, right, out=values)

    return run


def _scale_64_bits(values: Int64Array, multiplier: Int64Array, shift: Int64Array) -> Step:
    """The same of sums of 64 bits: the multiplier is rounded to 16 bits, the product once, and kept in 32 bits.

    Source: TFLM ``MultiplyByQuantizedMultiplier`` of int64.
    """
    reduced = reduced_multiplier(multiplier)
    right = 15 - shift
    half = np.int64(1) << (right - 1)
    wrapped = np.empty(values.shape, np.int32)

    def run() -> None:
        np.multiply(values, reduced, out=values)
        np.add(values, half, out=values)
        np.right_shift(values, right, out=values)
        np.copyto(wrapped, values, casting="unsafe")
        np.copyto(values, wrapped)

    return run


def _table(function: Callable[[Int64Array], Int64Array]) -> Int16Array:
    """Of every int16, in the order of its bits as uint16: NumPy looks results up sooner than it computes them."""
    table = function(np.arange(1 << 16).astype(np.int16).astype(np.int64)).astype(np.int16)
    table.flags.writeable = False
    return table


@functools.cache
def _logistic_table() -> Int16Array:
    return _table(logistic_int16)


@functools.lru_cache(maxsize=32)
def _tanh_table(multiplier: int, shift: int) -> Int16Array:
    return _table(lambda values: tanh_int16(values, multiplier, shift))
