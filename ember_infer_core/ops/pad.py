"""PAD and PADV2: preparation."""

from __future__ import annotations

from collections.abc import Sequence

from ember_infer_core.errors import InvalidShape, Undefined
from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.movement import MovementParams, movement
from ember_infer_core.ops.strided import View
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import DType, Shape

__all__ = ["check_paddings", "prepare", "prepare_v2"]

MAX_RANK = 5


def prepare(
    *, input_shape: Shape, output_shape: Shape, paddings: Sequence[int], dtype: DType, zero_point: int = 0
) -> MovementParams:
    """The parameters of a PAD. Source: TFLM ``PadPrepare``.

    Args:
        paddings: how many elements are added before and after each axis, all in one list.
        zero_point: of the output where it is int8. Elements of other types are padded with 0.

    Raises:
        InvalidShape: the shapes contradict each other or the paddings.
        ValueError: TFLM refuses the call, or leaves undefined what it computes.
    """
    check_paddings(input_shape, output_shape, paddings)
    fill = zero_point if dtype == "int8" else 0
    if not -128 <= fill <= 127:
        raise ValueError(f"the output's zero point {fill} is no int8")
    inner = _inside(input_shape, output_shape, paddings)
    return movement((input_shape,), (output_shape,), dtype, [(View.whole(input_shape), inner)], fill)


def prepare_v2(
    *,
    input_shape: Shape,
    value_shape: Shape,
    output_shape: Shape,
    paddings: Sequence[int],
    dtype: DType,
    value_quant: QuantParam | None = None,
    output_quant: QuantParam | None = None,
) -> MovementParams:
    """The parameters of a PADV2, whose second input is the element that it pads with.

    Source: TFLM ``PadPrepare``.

    Args:
        paddings: as for :func:`prepare`.
        value_quant, output_quant: must be the same, where they are given.

    Raises:
        InvalidShape: the shapes contradict each other or the paddings.
        ValueError: TFLM refuses the call, or leaves undefined what it computes.
    """
    check_paddings(input_shape, output_shape, paddings)
    if element_count(value_shape) != 1:
        raise ValueError(f"it pads with a tensor of shape {list(value_shape)}, where one element is wanted")
    if value_quant != output_quant:
        raise ValueError("the element that it pads with is quantised otherwise than the output")
    inner, value = _inside(input_shape, output_shape, paddings), View((), (), tensor=1)
    copies = [(value.broadcast(output_shape), View.whole(output_shape)), (View.whole(input_shape), inner)]
    return movement((input_shape, value_shape), (output_shape,), dtype, copies)


def check_paddings(input_shape: Shape, output_shape: Shape, paddings: Sequence[int]) -> None:
    """Checks that an input with its paddings becomes the output.

    Raises:
        InvalidShape, ValueError: as for :func:`prepare`.
    """
    rank = len(input_shape)
    if rank > MAX_RANK:
        raise ValueError(f"an input of rank {rank}, and at most {MAX_RANK} is wanted")
    if len(output_shape) != rank or len(paddings) != 2 * rank:
        raise InvalidShape(
            f"an input of rank {rank}, an output of rank {len(output_shape)} and {len(paddings)} paddings "
            "do not belong together"
        )
    if min(paddings, default=0) < 0:
        raise Undefined("a padding is negative; what TensorFlow Lite Micro writes then is undefined")
    padded = [size + sum(paddings[2 * axis : 2 * axis + 2]) for axis, size in enumerate(input_shape)]
    if padded != list(output_shape):
        raise InvalidShape(f"shape {list(input_shape)} is padded to {padded}, not to {list(output_shape)}")


def _inside(input_shape: Shape, output_shape: Shape, paddings: Sequence[int]) -> View:
    """Where the input goes."""
    inner = View.whole(output_shape)
    for axis, size in enumerate(input_shape):
        inner = inner.part(axis, paddings[2 * axis], size)
    return inner
