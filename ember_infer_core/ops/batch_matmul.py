"""BATCH_MATMUL, and FULLY_CONNECTED with computed weights: parameters and their preparation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ember_infer_core.activation import FusedActivation
from ember_infer_core.errors import InvalidShape, Undefined
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.fully_connected import count_rows
from ember_infer_core.quantization import (
    UNQUANTIZED,
    QuantParam,
    activation_range,
    check_defined_shift,
    quantize_multiplier,
)
from ember_infer_core.slots import INT8, AnyArray, DType, Int32Array, Operand, OperatorParams, Role, Shape, unbound_int8

__all__ = ["BatchMatMulParams", "prepare", "prepare_fully_connected"]

_MIN_RANK, _MAX_RANK = 2, 5


@dataclass(slots=True, kw_only=True, eq=False)
class BatchMatMulParams(OperatorParams):
    """Products of two stacks of matrices, either of which may be computed; the stacks broadcast as NumPy's do.

    ``lhs`` holds matrices ``(rows, depth)``, or ``(depth, rows)`` where ``adj_x``; ``rhs`` ``(depth, columns)``, or
    ``(columns, depth)`` where ``adj_y``; ``output`` ``(rows, columns)``. In int8, the sum of
    ``(lhs + lhs_offset) * (rhs + rhs_offset)`` along the depth, plus ``bias[column]``, is scaled by
    ``output_multiplier * 2**(output_shift - 31)``, offset by ``output_offset`` and clamped to
    ``[activation_min, activation_max]``. In float32, products are rounded and added up one after the other.

    Attributes:
        lhs_shape, rhs_shape, output_shape: of the buffers, of as many elements as the matrices.
        lhs_batch, rhs_batch: of the stacks, without rows, depth and columns.
        rows, depth, columns: of the matrices.
        adj_x, adj_y: whether the matrices of ``lhs`` and of ``rhs`` are transposed.
        dtype: int8 or float32, of ``lhs``, ``rhs`` and ``output``.
        fused_activation: the model's; ``activation_min`` and ``activation_max`` are what it comes to.
        lhs_quant, rhs_quant, output_quant: each tensor has its own.
        lhs_offset, rhs_offset: minus the zero points.
        output_offset: the output's zero point.
        lhs, rhs, bias, output, scratch: the buffers; bias is int32 ``(columns,)`` or None, and None in float32.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (
        Operand("lhs", Role.INPUT, None),
        Operand("rhs", Role.INPUT, None),
        Operand("bias", Role.CONSTANT, np.int32, optional=True),
        Operand("output", Role.OUTPUT, None),
    )

    lhs_shape: Shape
    rhs_shape: Shape
    output_shape: Shape
    lhs_batch: Shape
    rhs_batch: Shape
    rows: int
    depth: int
    columns: int
    adj_x: bool = False
    adj_y: bool = False
    dtype: DType = INT8
    fused_activation: FusedActivation = FusedActivation.NONE
    lhs_quant: QuantParam = UNQUANTIZED
    rhs_quant: QuantParam = UNQUANTIZED
    output_quant: QuantParam = UNQUANTIZED
    lhs_offset: int = 0
    rhs_offset: int = 0
    output_offset: int = 0
    output_multiplier: int = 0
    output_shift: int = 0
    activation_min: int = -128
    activation_max: int = 127
    lhs: AnyArray = field(default_factory=unbound_int8, repr=False)
    rhs: AnyArray = field(default_factory=unbound_int8, repr=False)
    bias: Int32Array | None = field(default=None, repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)

    @property
    def bias_shape(self) -> tuple[int]:
        """``(columns,)``."""
        return (self.columns,)

    @property
    def batch(self) -> Shape:
        """Of the stack of products."""
        return np.broadcast_shapes(self.lhs_batch, self.rhs_batch)

    @property
    def lhs_matrices(self) -> Shape:
        """``lhs`` as matrices: its stack, then the two sizes in the order in which they lie in memory."""
        return (*self.lhs_batch, *((self.depth, self.rows) if self.adj_x else (self.rows, self.depth)))

    @property
    def rhs_matrices(self) -> Shape:
        """``rhs`` as matrices, likewise."""
        return (*self.rhs_batch, *((self.columns, self.depth) if self.adj_y else (self.depth, self.columns)))


def prepare(
    *,
    lhs_shape: Shape,
    rhs_shape: Shape,
    output_shape: Shape,
    adj_x: bool = False,
    adj_y: bool = False,
    dtype: DType = INT8,
    lhs_quant: QuantParam = UNQUANTIZED,
    rhs_quant: QuantParam = UNQUANTIZED,
    output_quant: QuantParam = UNQUANTIZED,
) -> BatchMatMulParams:
    """The parameters of a call. Source: TFLM ``BatchMatMulPrepare``.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these ranks, or leaves undefined what these scales give.
    """
    for shape in (lhs_shape, rhs_shape):
        if not _MIN_RANK <= len(shape) <= _MAX_RANK:
            raise ValueError(f"shape {list(shape)} has a rank below {_MIN_RANK} or above {_MAX_RANK}")
    rows, depth = lhs_shape[:-3:-1] if adj_x else lhs_shape[-2:]
    rhs_depth, columns = rhs_shape[:-3:-1] if adj_y else rhs_shape[-2:]
    if depth != rhs_depth:
        raise InvalidShape(f"matrices of depth {depth} on the left and {rhs_depth} on the right have no product")
    shape = (*_broadcast(lhs_shape[:-2], rhs_shape[:-2]), rows, columns)
    if element_count(shape) != element_count(output_shape):
        raise InvalidShape(f"the products have shape {list(shape)}, the output {list(output_shape)}")
    if shape != output_shape:
        raise Undefined(
            f"the products have shape {list(shape)}, the output {list(output_shape)}: TensorFlow Lite Micro changes "
            "the output's shape for whoever reads it next"
        )
    return BatchMatMulParams(
        lhs_shape=lhs_shape,
        rhs_shape=rhs_shape,
        output_shape=output_shape,
        lhs_batch=lhs_shape[:-2],
        rhs_batch=rhs_shape[:-2],
        rows=rows,
        depth=depth,
        columns=columns,
        adj_x=adj_x,
        adj_y=adj_y,
        dtype=dtype,
        **(_scaling(lhs_quant, rhs_quant, output_quant) if dtype == INT8 else {}),
    )


def _broadcast(first: Shape, second: Shape) -> Shape:
    try:
        return np.broadcast_shapes(first, second)
    except ValueError:
        raise InvalidShape(f"stacks of shapes {list(first)} and {list(second)} do not broadcast") from None


def prepare_fully_connected(
    *,
    input_shape: Shape,
    weights_shape: tuple[int, int],
    output_shape: Shape,
    input_quant: QuantParam,
    weights_quant: QuantParam,
    output_quant: QuantParam,
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> BatchMatMulParams:
    """The parameters of a FULLY_CONNECTED whose weights ``(output_depth, input_depth)`` are computed: they are ``rhs``.

    Source: TFLM ``CalculateOpDataFullyConnected``; what the kernel then computes is BATCH_MATMUL's rule.

    Raises:
        InvalidShape: the shapes contradict each other.
        ValueError: TFLM refuses these scales, or leaves undefined what they give.
    """
    columns, depth = weights_shape
    return BatchMatMulParams(
        lhs_shape=input_shape,
        rhs_shape=weights_shape,
        output_shape=output_shape,
        lhs_batch=(),
        rhs_batch=(),
        rows=count_rows(input_shape, weights_shape, output_shape),
        depth=depth,
        columns=columns,
        adj_y=True,
        **_scaling(input_quant, weights_quant, output_quant, fused_activation),
    )


def _scaling(
    lhs_quant: QuantParam,
    rhs_quant: QuantParam,
    output_quant: QuantParam,
    fused_activation: FusedActivation = FusedActivation.NONE,
) -> dict[str, Any]:
    """The fields that follow from quantisation. Source: TFLM ``GetQuantizedConvolutionMultipler``."""
    multiplier, shift = quantize_multiplier(lhs_quant.scale * rhs_quant.scale / output_quant.scale)
    check_defined_shift(shift)
    activation_min, activation_max = activation_range(fused_activation, output_quant)
    return {
        "fused_activation": fused_activation,
        "lhs_quant": lhs_quant,
        "rhs_quant": rhs_quant,
        "output_quant": output_quant,
        "lhs_offset": -lhs_quant.zero_point,
        "rhs_offset": -rhs_quant.zero_point,
        "output_offset": output_quant.zero_point,
        "output_multiplier": multiplier,
        "output_shift": shift,
        "activation_min": activation_min,
        "activation_max": activation_max,
    }
