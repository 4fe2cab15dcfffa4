"""Reshapes that need no copy become aliases."""

from __future__ import annotations

from dataclasses import replace

from ember_infer_core.program import Program

__all__ = ["alias_reshapes"]


def alias_reshapes(program: Program) -> Program:
    """Makes a reshape's output its input's memory, and drops the call.

    Not where that would make a model output of a model input or of a constant: a caller writes to the one and reads the
    other; nor to a model output where a run may end before it is copied. Not to or from a variable, whose content
    changes (:func:`alias_variables`). An alias refers to the tensor that has the memory, however many reshapes lie
    between.
    """
    tensors, kept = list(program.tensors), []
    inputs, outputs = frozenset(program.inputs), frozenset(program.outputs)
    for call in program.calls:
        if call.method == "reshape":
            source, target = call.operands["input"], call.operands["output"]
            alias_of = tensors[source].alias_of
            root = source if alias_of is None else alias_of
            given = program.ends_early or root in inputs or tensors[root].data is not None
            if program.kept.isdisjoint((root, target)) and not (target in outputs and given):
                tensors[target] = replace(tensors[target], alias_of=root)
                continue
        kept.append(call)
    return replace(program, tensors=tuple(tensors), calls=tuple(kept))
