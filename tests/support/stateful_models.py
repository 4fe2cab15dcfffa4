"""Small models that keep state."""

from __future__ import annotations

import numpy as np

from ember_infer_tools.tflite_writer import ModelWriter

__all__ = ["running_sum", "two_variables"]

LENGTH = 4


def running_sum(zero_point: int = 0, initial: int | None = None, name: str = "sum") -> bytes:
    """Adds each input to a variable, which is the output: with the one scale there is, exactly, up to saturation.

    Args:
        zero_point: of all tensors.
        initial: what CALL_ONCE fills the variable with; None for a model without it.
        name: of the variable.
    """
    writer = ModelWriter()
    if initial is not None:
        start = writer.subgraph()
        handle = start.tensor("start handle", (), "resource")
        content = np.full((1, LENGTH), initial, np.int8)
        start.operator("VAR_HANDLE", [], [handle], shared_name=name)
        value = start.tensor("start", (1, LENGTH), scale=0.5, zero_point=zero_point, data=content)
        start.operator("ASSIGN_VARIABLE", [handle, value], [])
        writer.operator("CALL_ONCE", [], [], init_subgraph_index=start.number)
    input = writer.tensor("input", (1, LENGTH), scale=0.5, zero_point=zero_point)
    handle = writer.tensor("handle", (), "resource")
    read, output = (writer.tensor(name, (1, LENGTH), scale=0.5, zero_point=zero_point) for name in ("read", "output"))
    writer.operator("VAR_HANDLE", [], [handle], shared_name=name)
    writer.operator("READ_VARIABLE", [handle], [read])
    writer.add(input, read, output)
    writer.operator("ASSIGN_VARIABLE", [handle, output], [])
    return writer.finish([input], [output])


def two_variables() -> bytes:
    """Gives what came in one step ago, int8 and int16."""
    writer = ModelWriter()
    inputs, outputs = [], []
    for dtype in ("int8", "int16"):
        input, output = (writer.tensor(f"{dtype} {end}", (2, 3), dtype, scale=1.0) for end in ("input", "output"))
        handle = writer.tensor(f"{dtype} handle", (), "resource")
        writer.operator("VAR_HANDLE", [], [handle], shared_name=f"{dtype} before")
        writer.operator("READ_VARIABLE", [handle], [output])
        writer.operator("ASSIGN_VARIABLE", [handle, input], [])
        inputs.append(input)
        outputs.append(output)
    return writer.finish(inputs, outputs)
