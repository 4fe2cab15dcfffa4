"""A model output that is itself a model input, a constant or a variable becomes a copy of it."""

from __future__ import annotations

from dataclasses import replace

from ember_infer_core.ops.reshape import prepare
from ember_infer_core.program import Call, Program, Tensor

__all__ = ["own_outputs"]


def own_outputs(program: Program) -> Program:
    """Copies outputs that nothing computes, or that live on: a caller writes to an input and reads an output."""
    tensors, calls, outputs = list(program.tensors), list(program.calls), list(program.outputs)
    not_outputs = {*program.inputs, *program.kept}
    for position, index in enumerate(program.outputs):
        tensor = tensors[index]
        if tensor.data is None and index not in not_outputs:
            continue
        outputs[position] = len(tensors)
        tensors.append(Tensor(tensor.name, tensor.shape, tensor.dtype, tensor.quant))
        params = prepare(input_shape=tensor.shape, output_shape=tensor.shape, dtype=tensor.dtype)
        last = calls[-1].operator + 1 if calls else 0
        calls.append(Call(f"copy_{position}", "reshape", last, params, {"input": index, "output": outputs[position]}))
    return replace(program, tensors=tuple(tensors), calls=tuple(calls), outputs=tuple(outputs))
