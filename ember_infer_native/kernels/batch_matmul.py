"""BATCH_MATMUL, and FULLY_CONNECTED with computed weights, as steps of ``batch_matmul.h``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.activation import check_activation
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.fully_connected import prepare as prepare_fully_connected
from ember_infer_core.ops.strided import StridedCopy
from ember_infer_core.slots import Int32Array, Shape
from ember_infer_native.kernels.conv2d import GENERIC_TILE, tiles
from ember_infer_native.kernels.fully_connected import FULLY_CONNECTED
from ember_infer_native.kernels.movement import MOVE, moved
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.kernels.sums import Scaled, pack_requantization, proves
from ember_infer_native.plan import Kernel, Layout, Place, Step
from ember_infer_native.requantization import plan_requantization
from ember_infer_native.targets import Target

if TYPE_CHECKING:
    from ember_infer_core.ops.batch_matmul import BatchMatMulParams
    from ember_infer_native.kernels.context import Context

__all__ = ["BATCH_MATMUL"]

_STACK_AXES = 3  # STACK_AXES of batch_matmul.h
_QUADS = {"bytes": 0, "pairs": 1, "planes": 2}


def _variants(target: Target) -> tuple[tuple[int, ...], ...]:
    return ((*GENERIC_TILE, _QUADS[target.quads]),)


_MATMUL = Kernel("batch_matmul", "batch_matmul", "batch_matmul", 5, _variants)
_FLOAT_MATMUL = Kernel("float_matmul", "batch_matmul", "float_matmul", 3)


def _plan(
    context: Context, params: BatchMatMulParams, lhs: Place, rhs: Place, output: Place, bias: Int32Array | None
) -> list[Step]:
    if params.dtype == np.float32:
        return [_plan_float32(params, lhs, rhs, output)]
    check_activation(params)
    if rhs.content is not None and element_count(params.rhs_batch) == 1 and not params.adj_x:
        return _plan_constant(context, params, lhs, rhs, output, bias)
    steps = []
    if params.adj_x:
        lhs, transposed = _rows_of(context, params, lhs)
        steps.append(transposed)
    return [*steps, _plan_int8(context, params, lhs, rhs, output, bias)]


def _plan_constant(
    context: Context, params: BatchMatMulParams, lhs: Place, rhs: Place, output: Place, bias: Int32Array | None
) -> list[Step]:
    """One constant matrix is the weights of a fully connected layer."""
    assert rhs.content is not None
    matrix = rhs.content.reshape(params.rhs_matrices[-2:])
    layer = prepare_fully_connected(
        input_shape=params.lhs_shape,
        weights_shape=(params.columns, params.depth),
        output_shape=params.output_shape,
        input_quant=params.lhs_quant,
        weights_quant=params.rhs_quant,
        output_quant=params.output_quant,
        fused_activation=params.fused_activation,
    )
    weights = matrix if params.adj_y else matrix.T
    return FULLY_CONNECTED.plan(context, layer, input=lhs, output=output, weights=weights, bias=bias)


def _rows_of(context: Context, params: BatchMatMulParams, lhs: Place) -> tuple[Place, Step]:
    """The left matrices, transposed, and the step that transposes them."""
    stack, rows, depth = element_count(params.lhs_batch), params.rows, params.depth
    place = context.temporaries.allocate(Layout(1, 1, stack * rows * depth, 1))
    copy = StridedCopy(
        source=0,
        target=0,
        source_start=0,
        target_start=0,
        sizes=(stack, rows, depth),
        source_steps=(rows * depth, 1, rows),
        target_steps=(rows * depth, depth, 1),
    )
    return place, moved(copy, lhs, place)


def _plan_int8(
    context: Context, params: BatchMatMulParams, lhs: Place, rhs: Place, output: Place, bias: Int32Array | None
) -> Step:
    target, depth = context.target, params.depth
    quads, vectors, chunks = -(-depth // 4), -(-params.columns // target.lanes), -(-depth // target.chunk)
    template = tiles(context, params.rows, vectors)
    scaled = _scaled(context, params, bias)
    choice = scaled.requantization.choice()
    ones = np.zeros(chunks * target.chunk, np.int8)
    ones[:depth] = 1
    packed_ones = target.pack_quads(ones.reshape(chunks, target.lanes, 4))
    constants = packed_ones + pack_requantization(scaled, choice, vectors * target.lanes)
    packed = context.temporaries.allocate(Layout(1, 1, vectors * quads * target.quad_bytes + vectors * target.chunk, 1))
    fields: dict[str, int | tuple[int, ...]] = {
        **_stack_fields(params),
        "rows": params.rows,
        "depth": depth,
        "columns": params.columns,
        "rhs_row": 1 if params.adj_y else params.columns,
        "rhs_column": depth if params.adj_y else 1,
        "quads": quads,
        "chunks": chunks,
        "vectors": vectors,
        "lhs_offset": params.lhs_offset - target.bias,
        "rhs_offset": params.rhs_offset,
        **scaled.requantization.fields(choice, target, template[2]),
    }
    pointers = lhs.first, rhs.first, output.first, packed.first, context.constants.add(constants)
    return Step(_MATMUL, (*template, _QUADS[target.quads]), fields, pointers)


def _scaled(context: Context, params: BatchMatMulParams, bias: Int32Array | None) -> Scaled:
    """What is known of each column's bias before its elements are, and how sums become bytes."""
    depth, columns = params.depth, params.columns
    addend = np.zeros(1, np.int64) if bias is None else bias.astype(np.int64)
    products = np.multiply.outer(*(np.array([-128, 127]) + offset for offset in (params.lhs_offset, params.rhs_offset)))
    requantization = plan_requantization(
        depth * int(products.min()) + addend,
        depth * int(products.max()) + addend,
        np.full(addend.shape, params.output_multiplier, np.int32),
        np.full(addend.shape, params.output_shift, np.int32),
        params.output_offset,
        params.activation_min,
        params.activation_max,
        proves(context, len(addend)),
    )
    known = addend + depth * params.rhs_offset * (params.lhs_offset - context.target.bias)
    scaled = Scaled(wrap_int32(known).astype(np.int32), requantization)
    return scaled if bias is not None else scaled.map(lambda array: np.repeat(array, columns))


def _stack_fields(params: BatchMatMulParams) -> dict[str, tuple[int, ...]]:
    """How many matrices there are along each axis of the stack, and from one to the next; 0 where one repeats."""
    return {
        "stack": (1,) * (_STACK_AXES - len(params.batch)) + params.batch,
        "lhs_steps": _steps(params.lhs_batch, params.rows * params.depth),
        "rhs_steps": _steps(params.rhs_batch, params.depth * params.columns),
    }


def _steps(stack: Shape, size: int) -> tuple[int, ...]:
    padded = (1,) * (_STACK_AXES - len(stack)) + stack
    return tuple(size * element_count(padded[axis + 1 :]) if padded[axis] > 1 else 0 for axis in range(_STACK_AXES))


def _plan_float32(params: BatchMatMulParams, lhs: Place, rhs: Place, output: Place) -> Step:
    fields: dict[str, int | tuple[int, ...]] = {
        **_stack_fields(params),
        "rows": params.rows,
        "depth": params.depth,
        "columns": params.columns,
        "lhs_row": 1 if params.adj_x else params.depth,
        "lhs_column": params.rows if params.adj_x else 1,
        "rhs_row": 1 if params.adj_y else params.columns,
        "rhs_column": params.depth if params.adj_y else 1,
    }
    return Step(_FLOAT_MATMUL, (), fields, (lhs.first, rhs.first, output.first))


def _work(params: BatchMatMulParams) -> int:
    return element_count(params.output_shape) * params.depth


BATCH_MATMUL = NativeOperator(_plan, (_MATMUL, _FLOAT_MATMUL, MOVE, *FULLY_CONNECTED.kernels), work=_work)
