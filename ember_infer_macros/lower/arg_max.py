"""ARG_MAX and ARG_MIN. Source of the rules: TFLM ``arg_min_max.cc``."""

from __future__ import annotations

from ember_infer_core.ops.arg_max import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource) -> Lowered:
    """The call of an ARG_MAX or an ARG_MIN. The option ``output_type`` has no meaning: the output's type says it."""
    source.arity((2,))
    input_, output = source.input(0), source.output()
    fields = {"input_shape": input_.shape, "output_shape": output.shape, "dtype": source.dtype(input_)}
    params = source.prepare(prepare, axes=tuple(source.whole_numbers(source.input(1))), **fields)
    assert source.operator.code is not None  # check_supported saw to it
    return Lowered(source.operator.code.name.lower(), params, {"input": input_.index, "output": output.index})
