"""ARG_MAX and ARG_MIN: parameters and their preparation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ember_infer_core.errors import Undefined
from ember_infer_core.ops.reduction import ReductionParams, reduction_fields
from ember_infer_core.slots import INT8, INT32, DType, Shape

__all__ = ["ArgMaxParams", "prepare"]


@dataclass(slots=True, kw_only=True, eq=False)
class ArgMaxParams(ReductionParams):
    """The place, counted from 0, of the greatest or least element along one axis; the first of equal ones.

    Elements are compared as they are, so quantisation does not matter. A NaN is neither greater nor less than anything:
    it is the result only where it comes first. ``dtype`` is the input's; the output is int32.

    Fields that are not named here are described in :class:`ReductionParams`.
    """

    @property
    def axis(self) -> int:
        """The one axis."""
        return self.axes[0]

    @property
    def output_dtype(self) -> DType:
        """Of the output."""
        return INT32


def prepare(*, input_shape: Shape, output_shape: Shape, axes: Sequence[int], dtype: DType = INT8) -> ArgMaxParams:
    """The parameters of a call. Source: TFLM ``reference_ops::ArgMinMax``.

    Args:
        input_shape: see :class:`ArgMaxParams`.
        output_shape: has as many elements as the input's other axes.
        axes: the one axis; a negative one counts from the last.
        dtype: of the input, int8 or float32.

    Raises:
        InvalidShape: the output has not as many elements as the other axes.
        Undefined: there is not one axis, or it does not exist; TFLM checks neither.
    """
    if len(axes) != 1:
        raise Undefined(f"{len(axes)} axes, where 1 is wanted; TensorFlow Lite Micro looks at the first alone")
    if not -len(input_shape) <= axes[0] < len(input_shape):
        raise Undefined(
            f"axis {axes[0]} does not exist in shape {list(input_shape)}; TensorFlow Lite Micro does not check that, "
            "and reads beyond the shape"
        )
    return ArgMaxParams(**reduction_fields(input_shape, output_shape, axes, dtype))
