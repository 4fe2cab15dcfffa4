"""BATCH_MATMUL, and FULLY_CONNECTED with computed weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ember_infer_core.conformance.arithmetic import clamped, scaled
from ember_infer_core.conformance.cases import OperatorCases, Params, Regression
from ember_infer_core.conformance.drawing import CaseDrawer
from ember_infer_core.conformance.mistakes import CLAMP, changed, constant
from ember_infer_core.conformance.ops.sums import JUST_BELOW_1, draw_bias
from ember_infer_core.fixed_point import wrap_int32
from ember_infer_core.ops.batch_matmul import BatchMatMulParams, prepare, prepare_fully_connected
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import AnyArray, Shape

__all__ = ["CASES"]

_STACKS: tuple[tuple[Shape, Shape], ...] = (
    ((), ()),
    ((2,), (2,)),
    ((3,), ()),
    ((), (2,)),
    ((2, 1), (1, 3)),
    ((1,), (4,)),
)


def _define(params: BatchMatMulParams) -> AnyArray:
    """Sources: TFLM ``reference_ops::BatchMatMul`` and ``reference_integer_ops::FullyConnected``."""
    left, right = params.lhs.reshape(params.lhs_matrices), params.rhs.reshape(params.rhs_matrices)
    left, right = left.swapaxes(-1, -2) if params.adj_x else left, right.swapaxes(-1, -2) if params.adj_y else right
    if params.dtype == np.float32:
        real = np.zeros((*params.batch, params.rows, params.columns), np.float32)
        for index in range(params.depth):  # products are rounded, then their sums
            real = real + left[..., index, None] * right[..., index, None, :]
        return real.reshape(params.output_shape)
    total = (left.astype(np.int64) + params.lhs_offset) @ (right.astype(np.int64) + params.rhs_offset)
    total = wrap_int32(np.asarray(total + (0 if params.bias is None else params.bias)))
    result = scaled(total, params.output_multiplier, params.output_shift) + params.output_offset
    return clamped(params, wrap_int32(np.asarray(result))).reshape(params.output_shape)


def _calls(drawer: CaseDrawer) -> BatchMatMulParams:
    rows, depth, columns = drawer.integer(1, 5), drawer.depth(20), drawer.integer(1, 9)
    quants = {"lhs": drawer.quant(-4, 0), "rhs": drawer.quant(-4, 0)}
    output = QuantParam(quants["lhs"].scale * quants["rhs"].scale * 2.0 ** drawer.integer(4, 9), drawer.zero_point())
    if drawer.one_of(False, False, True):
        params = prepare_fully_connected(
            input_shape=(rows, depth),
            weights_shape=(columns, depth),
            output_shape=(rows, columns),
            input_quant=quants["lhs"],
            weights_quant=quants["rhs"],
            output_quant=output,
            fused_activation=drawer.activation(),
        )
        params.bias = draw_bias(drawer, columns)
        return params
    (left, right), adj_x, adj_y = drawer.one_of(*_STACKS), drawer.one_of(False, True), drawer.one_of(False, True)
    return prepare(
        lhs_shape=(*left, *((depth, rows) if adj_x else (rows, depth))),
        rhs_shape=(*right, *((columns, depth) if adj_y else (depth, columns))),
        output_shape=(*np.broadcast_shapes(left, right), rows, columns),
        adj_x=adj_x,
        adj_y=adj_y,
        dtype=drawer.dtype("int8", "float32"),
        lhs_quant=quants["lhs"],
        rhs_quant=quants["rhs"],
        output_quant=output,
    )


def _transposed_wrongly(params: Params) -> dict[str, bool]:
    return {"adj_x": not params.adj_x, "adj_y": not params.adj_y}


def _ends_of_int32() -> list[Params]:
    found = []
    for zero_point in (-128, 0, 127):
        input_scale, weights_scale = JUST_BELOW_1
        params = prepare_fully_connected(
            input_shape=(3, 1),
            weights_shape=(16, 1),
            output_shape=(3, 16),
            input_quant=QuantParam(input_scale, 0),
            weights_quant=QuantParam(weights_scale, 0),
            output_quant=QuantParam(1.0, zero_point),
        )
        params.lhs, params.rhs = np.array([[0], [1], [-1]], np.int8), np.ones((16, 1), np.int8)
        params.bias = np.array([2**31 - 1, -(2**31), 2**31 - 40, -(2**31) + 40] * 4, np.int32)
        found.append(params)
    return found


CASES: Mapping[str, OperatorCases] = {
    "batch_matmul": OperatorCases(
        define=_define,
        calls=_calls,
        mistakes={
            **CLAMP,
            "adj_x ignored": constant(adj_x=False),
            "adj_y ignored": constant(adj_y=False),
            "adj_x and adj_y taken for their opposites": changed(_transposed_wrongly),
            "bias ignored": constant(bias=None),
            "lhs_offset ignored": constant(lhs_offset=0),
            "rhs_offset ignored": constant(rhs_offset=0),
            "output_offset ignored": constant(output_offset=0),
        },
        regressions={
            "zero point at the ends of int32, batch_matmul": Regression(
                "the zero point of the output is added in int32, as TFLM does: the sum wraps", _ends_of_int32
            )
        },
        activated=True,
    )
}
