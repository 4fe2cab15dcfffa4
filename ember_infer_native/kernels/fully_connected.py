"""FULLY_CONNECTED as steps of ``conv2d.h``: each row of the input is a pixel, its elements a segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import Int8Array, Int32Array
from ember_infer_core.staircase import Int64Array
from ember_infer_native.kernels.conv2d import DENSE, Geometry, plan_dense
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.kernels.sums import Scaled, pack_requantization, scale_sums
from ember_infer_native.plan import Kernel, Place, Pointer, Step
from ember_infer_native.targets import Target

if TYPE_CHECKING:
    from ember_infer_core.ops.fully_connected import FullyConnectedParams
    from ember_infer_native.kernels.context import Context

__all__ = ["FULLY_CONNECTED", "int8_parts"]


def _variants(target: Target) -> tuple[tuple[int, ...], ...]:
    return tuple((outputs,) for outputs in range(1, _most_outputs(target) + 1))


def _most_outputs(target: Target) -> int:
    """With more outputs, lanes run along them."""
    return target.lanes // 2


_REDUCE = Kernel("fully_connected", "fully_connected", "fully_connected", 3, _variants)


def _plan(
    context: Context,
    params: FullyConnectedParams,
    input: Place,
    output: Place,
    weights: Int8Array,
    bias: Int32Array | None,
) -> list[Step]:
    output_depth, input_depth = params.weights_shape
    batches = input.layout.size // input_depth if input_depth else 0
    values = weights.astype(np.int64) + params.weights_offset
    scaled = scale_sums(context, params, values, bias)
    parts = int8_parts(values)
    if len(parts) == 1 and output_depth <= _most_outputs(context.target) and input_depth >= 4 * context.target.chunk:
        return [_plan_reduce(context, values, scaled, batches, input.first, output.first)]
    geometry = Geometry(
        images=1,
        rows=1,
        columns=batches,
        input_image=0,
        input_row=0,
        input_pixel=input_depth,
        segment_row=0,  # every part of the weights meets the same input
        segment_column=0,
        output_image=0,
        output_row=0,
        output_pixel=output_depth,
    )
    segments = np.stack(parts, 1)[:, :, None, :]
    return plan_dense(context, geometry, segments, scaled, input.first, output.first)


def _work(params: FullyConnectedParams) -> int:
    return element_count(params.output_shape) * params.weights_shape[1]


FULLY_CONNECTED = NativeOperator(_plan, (_REDUCE, DENSE), work=_work)


def int8_parts(values: Int64Array) -> list[Int64Array]:
    """Arrays of int8 values that add up to these: one, unless the weights have a zero point."""
    parts = [np.clip(values, -128, 127)]
    rest = values - parts[0]
    while rest.any():
        parts.append(np.clip(rest, -128, 127))
        rest = rest - parts[-1]
    return parts


def _plan_reduce(
    context: Context, weights: Int64Array, scaled: Scaled, batches: int, input: Pointer, output: Pointer
) -> Step:
    """Few long rows: lanes run along the input, and are added up at the end."""
    target = context.target
    outputs, depth = weights.shape
    chunks = -(-depth // target.chunk)
    padded = np.zeros((outputs, chunks * target.chunk), np.int8)
    padded[:, :depth] = weights
    choice = scaled.requantization.choice()
    quads = target.pack_quads(padded.reshape(outputs, chunks, target.lanes, 4).transpose(1, 0, 2, 3))
    fields = {
        "rows": batches,
        "depth": depth,
        "chunks": chunks,
        "outputs": outputs,
        **scaled.requantization.fields(choice, target, 1),
    }
    constants = context.constants.add(quads + pack_requantization(scaled, choice, target.lanes))
    return Step(_REDUCE, (outputs,), fields, (input, output, constants))
