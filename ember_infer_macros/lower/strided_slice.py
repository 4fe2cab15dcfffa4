"""STRIDED_SLICE. Source of the rules: TFLM ``strided_slice_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.strided_slice import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved_one
from ember_infer_macros.tflite.options import StridedSliceOptions


def lower(source: OperatorSource) -> Lowered:
    """The call of a STRIDED_SLICE. TFLM does not look at ``ellipsis_mask``, ``new_axis_mask`` and ``offset``."""
    source.arity((4,))
    options = source.options_or_default(StridedSliceOptions)
    begin, end, strides = (source.written_numbers(source.input(position)) for position in (1, 2, 3))
    return moved_one(
        source,
        prepare,
        begin=begin,
        end=end,
        strides=strides,
        begin_mask=options.begin_mask,
        end_mask=options.end_mask,
        shrink_axis_mask=options.shrink_axis_mask,
    )
