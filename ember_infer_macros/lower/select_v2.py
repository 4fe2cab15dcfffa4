"""SELECT_V2. Source of the rules: TFLM ``select.cc``."""

from __future__ import annotations

from ember_infer_core.ops.select_v2 import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource) -> Lowered:
    """The call of a SELECT_V2."""
    source.arity((3,))
    tensors = dict(zip(("condition", "x", "y"), source.inputs(), strict=True)) | {"output": source.output()}
    return source.lowered("select_v2", prepare, tensors, dtype=source.dtype(tensors["output"]))
