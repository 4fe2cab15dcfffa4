"""SELECT_V2. Source of the rules: TFLM ``select.cc``."""

from __future__ import annotations

from typing import Any

from ember_infer_core.ops.select_v2 import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource) -> Lowered:
    """The call of a SELECT_V2."""
    source.arity((3,))
    tensors = dict(zip(("condition", "x", "y"), source.inputs(), strict=True)) | {"output": source.output()}
    fields: dict[str, Any] = {f"{name}_shape": tensor.shape for name, tensor in tensors.items()}
    params = source.prepare(prepare, dtype=source.dtype(tensors["output"]), **fields)
    return Lowered("select_v2", params, {name: tensor.index for name, tensor in tensors.items()})
