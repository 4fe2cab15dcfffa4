"""Small programs to take apart: what their layers compute is of no account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy.typing as npt

from ember_infer_core import Program
from ember_infer_core.program import Tensor
from ember_infer_macros import load_program
from tests.native.nets import Net

__all__ = ["reversals", "with_constant", "with_layer_names", "with_tensor_names"]

SHAPE = (2, 3)


def reversals(layers: int = 2) -> Program:
    """One input that is turned round so many times; each time is an output."""
    net = Net()
    x = net.input(*SHAPE)
    for _ in range(layers):
        x = net.operator("REVERSE_V2", [x, net.numbers([1])], *SHAPE, like=x)
        net.output(x)
    return load_program(net.finish())


def with_layer_names(program: Program, *names: str) -> Program:
    """The layers, renamed."""
    return replace(
        program, calls=tuple(replace(call, name=name) for call, name in zip(program.calls, names, strict=True))
    )


def with_tensor_names(program: Program, name: str) -> Program:
    """All tensors, renamed alike, and the program too."""
    return replace(program, name=name, tensors=tuple(replace(tensor, name=name) for tensor in program.tensors))


def with_constant(program: Program, data: npt.NDArray[Any]) -> tuple[Program, int]:
    """One tensor more, a constant; and its index."""
    data.flags.writeable = False
    tensor = Tensor("constant", data.shape, data.dtype, None, data)
    return replace(program, tensors=(*program.tensors, tensor)), len(program.tensors)
