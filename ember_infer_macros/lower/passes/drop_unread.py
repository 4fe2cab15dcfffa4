"""Calls whose results nobody reads are left out."""

from __future__ import annotations

from dataclasses import replace

from ember_infer_core.program import Program
from ember_infer_core.slots import Role

__all__ = ["drop_unread"]


def drop_unread(program: Program) -> Program:
    """Keeps the calls that a model output or a variable depends on, or whether there is an answer, in their order."""
    wanted = {*program.outputs, *program.kept}
    kept = []
    for call in reversed(program.calls):
        if wanted.isdisjoint(call.tensors(Role.OUTPUT, Role.STATE)) and not call.params.may_fail:
            continue
        kept.append(call)
        wanted.update(call.operands.values())
    return replace(program, calls=tuple(reversed(kept)))
