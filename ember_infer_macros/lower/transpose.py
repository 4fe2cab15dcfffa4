"""TRANSPOSE. Source of the rules: TFLM ``transpose_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.transpose import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved


def lower(source: OperatorSource) -> Lowered:
    """The call of a TRANSPOSE."""
    source.arity((2,))
    data, perm = source.input(0), source.whole_numbers(source.input(1))
    shapes = {"input_shape": data.shape, "output_shape": source.output().shape}
    return moved(source, "transpose", prepare, [data], perm=perm, **shapes)
