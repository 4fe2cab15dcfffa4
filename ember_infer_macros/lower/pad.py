"""PAD and PADV2. Source of the rules: TFLM ``pad_common.cc``."""

from __future__ import annotations

from typing import Any

from ember_infer_core.ops.pad import prepare, prepare_v2
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved
from ember_infer_macros.tflite.schema import TensorType


def lower(source: OperatorSource) -> Lowered:
    """The call of a padding: with the third input's element if there is one, whatever the operator's name."""
    source.arity((2, 3))
    data, output = source.input(0), source.output()
    fields: dict[str, Any] = {
        "input_shape": data.shape,
        "output_shape": output.shape,
        "paddings": source.written_numbers(source.input(1)),
    }
    if not source.has_input(2):
        quant = source.written_quant(output)
        return moved(source, prepare, [data], "pad", zero_point=quant.zero_point if quant else 0, **fields)
    value = source.input(2)
    fields["value_shape"] = value.shape
    if output.type is TensorType.INT8:
        fields |= {"value_quant": source.written_quant(value), "output_quant": source.written_quant(output)}
    return moved(source, prepare_v2, [data, value], "padv2", **fields)
