"""Sliding windows: their padding, and where they lie on an image. Convolutions and pools share them."""

from __future__ import annotations

import enum
from typing import Any

from ember_infer_core.errors import InvalidShape, Undefined
from ember_infer_core.quantization import INT32_MAX
from ember_infer_core.slots import Shape

__all__ = ["Padding", "compute_padding", "window"]

_MOST = 2**15 - 1


class Padding(enum.Enum):
    """Padding schemes, with the values of the TensorFlow Lite schema."""

    SAME = 0
    VALID = 1


def compute_padding(
    padding: Padding, input_size: int, filter_size: int, stride: int, dilation: int = 1
) -> tuple[int, int]:
    """``(output size, padding before)`` along one axis. Source: TFLM ``ComputePaddingHeightWidth``.

    A SAME padding that is odd in total has its larger half after the image.
    """
    effective = (filter_size - 1) * dilation + 1
    if padding is Padding.SAME:
        output_size = -(-input_size // stride)
    else:
        output_size = (input_size + stride - effective) // stride
    return output_size, max(0, (output_size - 1) * stride + effective - input_size) // 2


def window(
    padding: Padding,
    input_shape: Shape,
    filter_size: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    output_shape: Shape,
) -> dict[str, Any]:
    """``padding``, ``pad_h``, ``pad_w``, ``stride_h`` and ``stride_w`` of a sliding window.

    Raises:
        InvalidShape: the output has another size than the window gives, or something overflows 32 bits.
        Undefined: something overflows the 16 bits that TFLM has for it.
    """
    before = []
    for axis, name in enumerate(("height", "width")):
        effective = (filter_size[axis] - 1) * dilation[axis] + 1
        if input_shape[axis + 1] + effective + stride[axis] > INT32_MAX:
            raise InvalidShape(f"along the {name}, window, dilation and stride overflow 32 bits")
        size, pad = compute_padding(padding, input_shape[axis + 1], filter_size[axis], stride[axis], dilation[axis])
        if size != output_shape[axis + 1]:
            raise InvalidShape(f"the output's {name} is {output_shape[axis + 1]}, but the window gives {max(size, 0)}")
        if max(stride[axis], dilation[axis], pad) > _MOST:
            raise Undefined(
                f"along the {name}, stride, dilation and padding are {stride[axis]}, {dilation[axis]} and {pad}; "
                f"TensorFlow Lite Micro keeps them in 16 bits, and computes with others beyond {_MOST}"
            )
        before.append(pad)
    if input_shape[0] != output_shape[0]:
        raise InvalidShape(f"{input_shape[0]} images go in and {output_shape[0]} come out")
    return {
        "padding": padding,
        "pad_h": before[0],
        "pad_w": before[1],
        "stride_h": stride[0],
        "stride_w": stride[1],
    }
