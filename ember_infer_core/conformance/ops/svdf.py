"""SVDF."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import scaled
from ember_infer_core.conformance.cases import Definition, OperatorCases, Params, Regression
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.expected import Result
from ember_infer_core.conformance.mistakes import constant
from ember_infer_core.conformance.ops.sums import JUST_BELOW_1
from ember_infer_core.fixed_point import Int64Array, wrap_int32
from ember_infer_core.ops.svdf import SvdfParams, prepare
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray

__all__ = ["CASES"]


def _states(params: SvdfParams, state: AnyArray) -> Int64Array:
    """``(batches, filters, memory)``."""
    return state.astype(np.int64).reshape(-1, *params.weights_time_shape)


def _newest(params: SvdfParams, saturates: bool = False) -> AnyArray:
    """What each filter makes of the input, ``(batches, filters)``."""
    limits = np.iinfo(params.dtype.str)
    rows = params.input.astype(np.int64) + params.input_offset
    sums = wrap_int32(rows @ params.weights_feature.astype(np.int64).T)
    values = np.clip(scaled(sums, params.state_multiplier, params.state_shift), limits.min, limits.max)
    values = values - params.state_offset
    return (np.clip(values, limits.min, limits.max) if saturates else values).astype(params.dtype)


def _output(params: SvdfParams, state: Int64Array) -> AnyArray:
    weighted = (state + params.state_offset) * params.weights_time.astype(np.int64)
    return _scaled(params, weighted.reshape(*params.output_shape, -1).sum(-1))


def _scaled(params: SvdfParams, sums: Int64Array) -> AnyArray:
    totals = wrap_int32(sums + params.bias)
    results = scaled(totals, params.output_multiplier, params.output_shift) + params.output_offset
    return np.clip(wrap_int32(results), -128, 127).astype(np.int8)


def _result(params: SvdfParams, state: Int64Array) -> list[AnyArray]:
    return [_output(params, state), state.reshape(params.state_shape).astype(params.dtype)]


def _define(params: SvdfParams) -> Result:
    state = np.roll(_states(params, params.state), -1, axis=2)
    state[:, :, -1] = _newest(params)
    return _result(params, state)


# Random calls.


def _calls(drawer: CaseDrawer) -> SvdfParams:
    """Scales by which the newest elements and the outputs spread over about the ranges of their types."""
    batches, depth, memory = drawer.integer(1, 3), drawer.depth(24), drawer.depth(12)
    rank, units = drawer.one_of(1, 1, 2, 3), drawer.integer(1, 12)
    dtype = drawer.dtype("int8", "int16")
    wide = 1.0 if dtype == np.int8 else 256.0
    return prepare(
        input_shape=(batches, depth),
        weights_feature_shape=(rank * units, depth),
        weights_time_shape=(rank * units, memory),
        bias_shape=(units,),
        state_shape=(batches, rank * units * memory),
        output_shape=(batches, units),
        rank=rank,
        dtype=dtype,
        input_quant=drawer.quant(-4, 4),
        weights_feature_quant=QuantParam(wide / (70.0 * np.sqrt(depth)), 0),
        weights_time_quant=QuantParam(1.0 / (70.0 * np.sqrt(rank * memory) * wide * wide), 0),
        state_quant=QuantParam(drawer.scale(-2, 2), drawer.zero_point() if drawer.one_of(True, False) else 0),
        output_quant=drawer.quant(-4, 4),
    )


# Mistakes.


def _shifted_backwards(define: Definition, params: Params) -> Result:
    state = np.roll(_states(params, params.state), 1, axis=2)
    state[:, :, 0] = _newest(params)
    return _result(params, state)


def _not_shifted(define: Definition, params: Params) -> Result:
    state = _states(params, params.state)
    state[:, :, -1] = _newest(params)
    return _result(params, state)


def _one_late(define: Definition, params: Params) -> Result:
    _, state = define(params)
    return [_output(params, _states(params, params.state)), state]


def _saturating(define: Definition, params: Params) -> Result:
    state = np.roll(_states(params, params.state), -1, axis=2)
    state[:, :, -1] = _newest(params, saturates=True)
    return _result(params, state)


def _filters_far_apart(define: Definition, params: Params) -> Result | None:
    """Unit u has the filters u, u + units, u + 2 * units, ..."""
    if params.rank == 1:
        return None
    _, state = define(params)
    units = params.output_shape[1]
    order = np.arange(units * params.rank).reshape(params.rank, units).T.reshape(-1)
    weighted = ((_states(params, state) + params.state_offset) * params.weights_time.astype(np.int64)).sum(-1)
    return [_scaled(params, weighted[:, order].reshape(*params.output_shape, -1).sum(-1)), state]


# Regressions.


def _at_the_edge() -> list[Params]:
    """A newest element that the state's zero point takes beyond int8."""
    found = []
    for zero_point in (-128, -50, 50, 127):
        params = prepare(
            input_shape=(2, 1),
            weights_feature_shape=(3, 1),
            weights_time_shape=(3, 2),
            bias_shape=(3,),
            state_shape=(2, 6),
            output_shape=(2, 3),
            rank=1,
            input_quant=QuantParam(1.0, 0),
            weights_feature_quant=QuantParam(1.0, 0),
            weights_time_quant=QuantParam(1.0, 0),
            state_quant=QuantParam(1.0, zero_point),
            output_quant=QuantParam(64.0, 0),
        )
        params.input = np.array([[-128], [127]], np.int8)
        params.weights_feature = np.array([[1], [2], [-1]], np.int8)
        found.append(params)
    return found


def _ends_of_int32() -> list[Params]:
    """Sums at the ends of int32, scaled by so little less than 1 that zero points reach beyond."""
    found = []
    for zero_point in (-128, 0, 127):
        state_scale, weights_scale = JUST_BELOW_1
        params = prepare(
            input_shape=(1, 1),
            weights_feature_shape=(16, 1),
            weights_time_shape=(16, 2),
            bias_shape=(16,),
            state_shape=(1, 32),
            output_shape=(1, 16),
            rank=1,
            input_quant=QuantParam(1.0, 0),
            weights_feature_quant=QuantParam(1.0, 0),
            weights_time_quant=QuantParam(weights_scale, 0),
            state_quant=QuantParam(state_scale, 0),
            output_quant=QuantParam(1.0, zero_point),
        )
        params.weights_time = np.zeros(params.weights_time_shape, np.int8)
        params.bias = np.array([2**31 - 1, -(2**31), 2**31 - 40, -(2**31) + 40] * 4, np.int32)
        found.append(params)
    return found


CASES: Mapping[str, OperatorCases] = {
    "svdf": OperatorCases(
        define=_define,
        calls=_calls,
        mistakes={
            "the state moved away from its start instead of towards it": _shifted_backwards,
            "the state not moved: only its last elements are new": _not_shifted,
            "the output computed from the state before the call": _one_late,
            "newest elements of the state saturate where TFLM lets them wrap": _saturating,
            "a unit's filters taken from far apart: they follow one another": _filters_far_apart,
            "input_offset ignored": constant(input_offset=0),
            "state_offset ignored": constant(state_offset=0),
            "output_offset ignored": constant(output_offset=0),
        },
        regressions={
            "state of svdf at the edge": Regression(
                "the zero point is added to a clamped element of the state without another clamp: it wraps, as in TFLM",
                _at_the_edge,
            ),
            "zero point at the ends of int32, svdf": Regression(
                "the zero point of the output is added in int32, as TFLM does: the sum wraps", _ends_of_int32
            ),
        },
    )
}
