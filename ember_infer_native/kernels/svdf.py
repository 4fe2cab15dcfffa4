"""SVDF as a step of ``svdf.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.common import element_count
from ember_infer_core.quantization import INT8_MAX, INT8_MIN, integer_range
from ember_infer_core.slots import AnyArray, Int8Array, Int32Array
from ember_infer_core.staircase import Int64Array
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.kernels.sums import Scaled, pack_requantization, proves
from ember_infer_native.plan import Kernel, Place, Step
from ember_infer_native.requantization import plan_requantization
from ember_infer_native.targets import Target

if TYPE_CHECKING:
    from ember_infer_core.ops.svdf import SvdfParams
    from ember_infer_native.kernels.context import Context

__all__ = ["SVDF"]

# The template is whether the state is int16.
_SVDF = Kernel("svdf", "svdf", "svdf", 5, ((0,), (1,)))


def _plan(
    context: Context,
    params: SvdfParams,
    input: Place,
    output: Place,
    state: Place,
    weights_feature: Int8Array,
    weights_time: AnyArray,
    bias: Int32Array,
) -> list[Step]:
    target = context.target
    (filters, depth), units = weights_feature.shape, params.output_shape[1]
    wide = params.dtype == np.int16
    weights = weights_time.astype(np.int64).reshape(units, -1)
    scaled = _scaled(context, params, weights, bias)
    choice = scaled.requantization.choice()
    length = weights.shape[1]
    chunks = -(-length // (target.lanes if wide else target.chunk))
    fields = {
        "batches": params.input_shape[0],
        "depth": depth,
        "quads": -(-depth // 4),
        "filters": filters,
        "vectors": -(-filters // target.lanes),
        "memory": weights_time.shape[1],
        "state": element_count(params.state_shape) * params.dtype.itemsize,
        "batch": params.state_shape[1] * params.dtype.itemsize,
        "newest": target.bias_of(params.dtype) - params.state_offset,
        "units": units,
        "unit": length * params.dtype.itemsize,
        "chunks": chunks,
        **scaled.requantization.fields(choice, target, 1),
    }
    vectors = -(-units // target.lanes)
    times = _pack_state_weights(target, weights, chunks, wide)
    times += pack_requantization(scaled, choice, vectors * target.lanes)
    pointers = (
        input.first,
        state.first,
        output.first,
        context.constants.add(_pack_features(target, params, weights_feature)),
        context.constants.add(times),
    )
    return [Step(_SVDF, (int(wide),), fields, pointers)]


def _pack_features(target: Target, params: SvdfParams, weights: Int8Array) -> bytes:
    """Weights with the filters along the lanes, what the zero point adds to their sums, and how those are scaled."""
    filters, depth = weights.shape
    vectors, quads = -(-filters // target.lanes), -(-depth // 4)
    padded = np.zeros((vectors * target.lanes, quads * 4), np.int8)
    padded[:filters, :depth] = weights
    packed = target.pack_quads(padded.reshape(vectors, target.lanes, quads, 4).swapaxes(1, 2))
    start = (params.input_offset - target.bias) * padded.sum(axis=1, dtype=np.int64)
    multiplier, left, right = params.state_multiplier, max(params.state_shift, 0), max(-params.state_shift, 0)
    scaling = np.repeat(np.array([multiplier, left, right], np.int32), target.lanes)
    return packed + wrap_int32(start).astype(np.int32).tobytes() + scaling.tobytes()


def _pack_state_weights(target: Target, weights: Int64Array, chunks: int, wide: bool) -> bytes:
    """Those of each unit, filled up to whole vectors."""
    units, length = weights.shape
    padded = np.zeros((units, chunks * (target.lanes if wide else target.chunk)), np.int16 if wide else np.int8)
    padded[:, :length] = weights
    return padded.tobytes() if wide else target.pack_quads(padded.reshape(units, chunks, target.lanes, 4))


def _scaled(context: Context, params: SvdfParams, weights: Int64Array, bias: Int32Array) -> Scaled:
    """The scaling of the sums over each unit's part of the state."""
    positive, negative = np.maximum(weights, 0).sum(1), np.minimum(weights, 0).sum(1)
    least, most = (limit + params.state_offset for limit in integer_range(params.dtype))
    multiplier, shift = (
        np.full(len(bias), value, np.int32) for value in (params.output_multiplier, params.output_shift)
    )
    requantization = plan_requantization(
        least * positive + most * negative + bias,
        most * positive + least * negative + bias,
        multiplier,
        shift,
        params.output_offset,
        INT8_MIN,
        INT8_MAX,
        proves(context, len(bias)),
    )
    missing = bias + (params.state_offset - context.target.bias_of(params.dtype)) * (positive + negative)
    return Scaled(wrap_int32(missing).astype(np.int32), requantization)


def _work(params: SvdfParams) -> int:
    batches, depth = params.input_shape
    filters, memory = params.weights_time_shape
    return batches * filters * (depth + memory)


SVDF = NativeOperator(_plan, (_SVDF,), work=_work)
