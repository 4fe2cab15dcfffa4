"""SVDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.fixed_point import multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.quantization import INT8_MAX, INT8_MIN, integer_range
from ember_infer_ref.dense import quiet_blas
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.svdf import SvdfParams

__all__ = ["svdf"]

_EXACT_IN_FLOAT64 = 2**53


def svdf(params: SvdfParams) -> None:
    """SVDF. Source: TFLM ``EvalIntegerSvdfReference``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.svdf", _prepare)


def _prepare(params: SvdfParams) -> Step:
    filters, memory = params.weights_time_shape
    units, length = params.output_shape[1], params.rank * memory
    limits = integer_range(params.dtype)
    state = params.state.reshape(-1, filters, memory)
    remembered, newest = state[:, :, 1:], state[:, :, -1]
    by_unit = params.state.reshape(-1, units, length)
    # Sums of products, by the BLAS where its numbers hold them.
    kind = _number(length * (limits[1] - limits[0]) * -limits[0])
    feature_weights = np.ascontiguousarray(params.weights_feature.T, np.float64)
    time_weights = params.weights_time.reshape(units, length).astype(kind)
    # The zero points' part of the sums is always the same.
    feature_bias = params.input_offset * params.weights_feature.sum(axis=1, dtype=np.int64)
    bias = params.bias + params.state_offset * params.weights_time.reshape(units, length).sum(axis=1, dtype=np.int64)

    def run() -> None:
        with quiet_blas():
            features = (params.input.astype(np.float64) @ feature_weights).astype(np.int64) + feature_bias
        scaled = multiply_by_quantized_multiplier(wrap_int32(features), params.state_multiplier, params.state_shift)
        state[:, :, :-1] = remembered  # which overlap: NumPy takes care of that
        newest[...] = (np.clip(scaled, *limits) - params.state_offset).astype(params.dtype)
        sums = np.einsum("bul,ul->bu", by_unit.astype(kind), time_weights).astype(np.int64) + bias
        results = multiply_by_quantized_multiplier(wrap_int32(sums), params.output_multiplier, params.output_shift)
        np.clip(wrap_int32(results + params.output_offset), INT8_MIN, INT8_MAX, out=params.output, casting="unsafe")

    return run


def _number(bound: int) -> type[np.generic]:
    """The quickest type that holds sums up to this bound."""
    return np.float64 if bound < _EXACT_IN_FLOAT64 else np.int64
