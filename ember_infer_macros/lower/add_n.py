"""ADD_N. Source of the rules: TFLM ``add_n.cc``."""

from __future__ import annotations

import numpy as np

from ember_infer_core.ops.add_n import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal


def lower(source: OperatorSource) -> Lowered:
    """The call of an ADD_N."""
    inputs = [source.input(position) for position in range(len(source.operator.inputs))]
    source.arity((len(inputs),))
    output = source.output()
    fields = {}
    if inputs and source.dtype(inputs[0]) == np.int8:
        quant = source.quant(inputs[0])
        for tensor in inputs:
            if source.quant(tensor) != quant:
                raise Refusal(
                    f"{inputs[0].describe()} and {tensor.describe()} differ in scale or zero point; "
                    "TensorFlow Lite Micro refuses this too"
                )
        fields = {"input_quant": quant, "output_quant": source.quant(output)}
    params = source.prepare(
        prepare,
        inputs_shapes=tuple(tensor.shape for tensor in inputs),
        output_shape=output.shape,
        dtype=source.dtype(output),
        **fields,
    )
    operands = {f"inputs[{position}]": tensor.index for position, tensor in enumerate(inputs)}
    return Lowered("add_n", params, operands | {"output": output.index})
