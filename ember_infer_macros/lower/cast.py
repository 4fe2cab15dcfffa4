"""CAST. Source of the rules: TFLM ``cast.cc``, which takes the types from the tensors and not from the options."""

from __future__ import annotations

from ember_infer_core.ops.cast import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource) -> Lowered:
    """The call of a CAST."""
    source.arity((1,))
    input_, output = source.input(0), source.output()
    params = source.prepare(
        prepare,
        input_shape=input_.shape,
        output_shape=output.shape,
        input_dtype=source.dtype(input_),
        output_dtype=source.dtype(output),
    )
    return Lowered("cast", params, {"input": input_.index, "output": output.index})
