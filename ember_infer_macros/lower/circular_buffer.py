"""CIRCULAR_BUFFER: its output is a variable tensor that the operator reads as well; a counter comes to it."""

from __future__ import annotations

import numpy as np

from ember_infer_core.ops.circular_buffer import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.flexbuffer import FlexBufferError, first_integer

__all__ = ["lower"]


def lower(source: OperatorSource) -> Lowered:
    """The call."""
    source.arity((1,))
    row, state = source.input(0), source.output()
    if not state.is_variable:
        raise Refusal(
            f"{state.describe()} is not marked as variable, and what it holds from run to run nobody has defined"
        )
    params = source.prepare(prepare, input_shape=row.shape, state_shape=state.shape, cycles_max=_cycles_max(source))
    operands = {"input": row.index, "state": state.index}
    return Lowered("circular_buffer", params, operands, states={"counter": np.zeros(1, np.int32)})


def _cycles_max(source: OperatorSource) -> int:
    """Of the options; 0 where there are none. TFLM takes the first value of the map, whatever its name."""
    content = source.operator.custom_options or b""
    if not content:
        return 0
    try:
        name, value = first_integer(content)
    except FlexBufferError as error:
        raise source.fail(f"its options: {error}") from None
    if name != "cycles_max":
        raise Refusal(f"its options begin with {name!r}, which TensorFlow Lite Micro takes for cycles_max")
    return value
