"""Layers are named after the tensors that they write."""

from __future__ import annotations

from dataclasses import replace

from ember_infer_core.program import Program
from ember_infer_core.slots import Role
from ember_infer_macros.lower.names import layer_names

__all__ = ["name_layers"]


def name_layers(program: Program) -> Program:
    """Gives each call a Python identifier, unique in the program."""
    written = [program.tensors[next(call.tensors(Role.OUTPUT, Role.STATE))].name for call in program.calls]
    names = layer_names(written, [call.method for call in program.calls])
    calls = tuple(replace(call, name=name) for name, call in zip(names, program.calls, strict=True))
    return replace(program, calls=calls)
