"""RESHAPE; a pass turns most of them into aliases."""

from __future__ import annotations

from ember_infer_core.ops.reshape import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource) -> Lowered:
    """The call of a RESHAPE."""
    source.arity((1, 2))
    input_, output = source.input(0), source.output()
    fields = {"input_shape": input_.shape, "output_shape": output.shape, "dtype": source.dtype(input_)}
    return Lowered("reshape", source.prepare(prepare, **fields), {"input": input_.index, "output": output.index})
