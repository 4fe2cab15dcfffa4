"""RESHAPE to :class:`ReshapeParams`; the program builder turns most of them into aliases."""

from __future__ import annotations

from ember_infer_core.ops.common import element_count
from ember_infer_core.ops.reshape import ReshapeParams
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource) -> Lowered:
    """Checks that the element counts agree. The new shape is the output's; TFLM too takes it from there."""
    source.arity((1, 2))
    input_, output = source.input(0), source.output()
    if element_count(input_.shape) != element_count(output.shape):
        raise source.fail(f"{input_.describe()} cannot become {list(output.shape)}")
    params = ReshapeParams(input_shape=input_.shape, output_shape=output.shape)
    return Lowered("reshape", params, {"input": input_.index, "output": output.index})
