"""What random models have of BATCH_MATMUL, TRANSPOSE_CONV and RESIZE_BILINEAR: each draws its attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tests.support.models import Activation, ModelDrawer

LARGEST_IMAGE = 12
LARGEST_SIDE = 200  # of a matrix that is multiplied by another large one


def batch_matmul(drawer: ModelDrawer, input: Activation) -> Activation:
    """The input's matrices on the left: times a new input, a constant, or themselves transposed."""
    adj_x, adj_y = drawer.flag(), drawer.flag()
    *stack, first, second = input.shape
    rows, depth = (second, first) if adj_x else (first, second)
    kind = drawer.one_of(("input", "constant", "itself" if rows <= LARGEST_SIDE else "input"))
    if kind == "itself":
        other, columns, adj_y = input, rows, not adj_x
    else:
        columns = drawer.channels() if rows <= LARGEST_SIDE else 1
        kept = [size if drawer.flag() else 1 for size in stack][drawer.integer(0, len(stack)) :]
        shape = (*kept, *((columns, depth) if adj_y else (depth, columns)))
        other = drawer.input(shape) if kind == "input" else drawer.constant(shape)
    natural = 64.0 * float(np.sqrt(depth)) * input.scale * other.scale
    output = drawer.activation((*stack, rows, columns), drawer.output_scale(natural))
    options: dict[str, Any] = {"adj_x": adj_x, "adj_y": adj_y}
    drawer.writer.operator("BATCH_MATMUL", [input.index, other.index], [output.index], **options)
    return drawer.note(f"batch_matmul {options}", (input.index, other.index), output)


def transpose_conv(drawer: ModelDrawer, input: Activation) -> Activation:
    """An image at most a few times as large, whose pixels the filter may leave out."""
    batch, rows, columns, channels = input.shape
    filters, padding = drawer.integer(1, 8), drawer.one_of(("SAME", "VALID"))
    taps = drawer.integer(1, 4), drawer.integer(1, 4)
    strides = [drawer.integer(1, 3) if size <= LARGEST_IMAGE else 1 for size in (rows, columns)]
    sizes = [
        size * stride if padding == "SAME" else (size - 1) * stride + tap
        for size, stride, tap in zip((rows, columns), strides, taps, strict=True)
    ]
    weights, scales = drawer.weights((filters, *taps, channels), 0)
    bias = drawer.bias(filters, input.scale, scales)
    natural = drawer.natural_scale(input, scales, channels * max(1, taps[0] * taps[1] // (strides[0] * strides[1])))
    output = drawer.activation((batch, *sizes, filters), drawer.output_scale(natural))
    shape = drawer.writer.tensor(f"shape{output.index}", (4,), "int32", data=np.array(output.shape, np.int32))
    options: dict[str, Any] = {"padding": padding, "stride_h": strides[0], "stride_w": strides[1]}
    operands = [shape, weights, input.index, *([] if bias is None else [bias])]
    drawer.writer.operator("TRANSPOSE_CONV", operands, [output.index], **options, activation=drawer.clamp())
    return drawer.note(f"transpose_conv {options}", operands, output)


def resize_bilinear(drawer: ModelDrawer, input: Activation) -> Activation:
    """Any size; no larger than TFLM can resize without reading outside the image."""
    batch, _, _, channels = input.shape
    size = drawer.integer(1, LARGEST_IMAGE), drawer.integer(1, LARGEST_IMAGE)
    align, half_pixel = drawer.one_of(((False, False), (True, False), (False, True)))
    output = drawer.activation((batch, *size, channels), input.scale, input.zero_point)
    operand = drawer.writer.tensor(f"size{output.index}", (2,), "int32", data=np.array(size, np.int32))
    options: dict[str, Any] = {"align_corners": align, "half_pixel_centers": half_pixel}
    drawer.writer.operator("RESIZE_BILINEAR", [input.index, operand], [output.index], **options)
    return drawer.note(f"resize_bilinear to {size} {options}", (input.index,), output)
