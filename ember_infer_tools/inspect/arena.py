"""Where the activations live: the plan of a program, or of a file that becomes none."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

from ember_infer_core.memory import ArenaPlan, Lifetime, plan_arena
from ember_infer_core.program import Program
from ember_infer_macros.tflite.graph import Graph
from ember_infer_macros.tflite.schema import NO_TENSOR, BuiltinOperator
from ember_infer_tools.inspect.results import ArenaBlock, ArenaReport, OperatorReport
from ember_infer_tools.inspect.tensors import element_bytes

__all__ = ["graph_arena", "program_arena"]


def program_arena(program: Program, operators: int) -> ArenaReport:
    """The plan that executables use, of a file of so many operators: other calls are copies, and come after them."""
    names = {root: program.tensors[root].name for root in program.lifetimes}
    steps = [(call.operator if call.operator < operators else None, call.name) for call in program.calls]
    return _arena(False, steps, names, program.lifetimes, program.arena)


def graph_arena(graph: Graph, operators: Sequence[OperatorReport]) -> ArenaReport:
    """The plan that a program of all the file's operators would have: reshapes take no memory here either, and
    variables have theirs elsewhere.
    """
    steps = [(operator.index, operator.layer) for operator in operators]
    end = max(len(steps) - 1, 0)
    owner: dict[int, int] = {}  # the tensor whose memory each one uses
    spans: dict[int, tuple[int, int]] = {}

    def use(index: int, step: int) -> None:
        root = owner.setdefault(index, index)
        if graph.tensors[root].data is None and not graph.tensors[root].is_variable:
            first, last = spans.get(root, (step, step))
            spans[root] = min(first, step), max(last, step)

    for index in graph.inputs:
        use(index, 0)
    for step, operator in enumerate(graph.operators):
        present = [index for index in operator.inputs if index != NO_TENSOR]
        if operator.code is BuiltinOperator.RESHAPE and present and len(operator.outputs) == 1:
            owner[operator.outputs[0]] = owner.setdefault(present[0], present[0])
        for index in (*present, *operator.outputs):
            if index != NO_TENSOR:
                use(index, step)
    for index in graph.outputs:
        use(index, end)
    lifetimes = {root: Lifetime(element_bytes(graph.tensors[root]) or 0, *span) for root, span in spans.items()}
    names = {root: graph.tensors[root].name for root in lifetimes}
    return _arena(True, steps, names, lifetimes, plan_arena(tuple(lifetimes.values())))


def _arena(
    estimated: bool,
    steps: Sequence[tuple[int | None, str]],
    names: Mapping[int, str],
    lifetimes: Mapping[int, Lifetime],
    plan: ArenaPlan,
) -> ArenaReport:
    blocks = [
        ArenaBlock(root, names[root], offset, lifetime.size, lifetime.first, lifetime.last)
        for (root, lifetime), offset in zip(lifetimes.items(), plan.offsets, strict=True)
    ]
    blocks.sort(key=lambda block: (block.first, block.offset))
    used = _bytes_in_use(blocks, len(steps))
    return ArenaReport(
        estimated=estimated,
        steps=tuple(name for _, name in steps),
        operators=tuple(number for number, _ in steps),
        blocks=tuple(blocks),
        length=plan.length,
        unshared=sum(block.size for block in blocks),
        peak_step=used.index(max(used)) if used else None,
        peak=max(used, default=0),
    )


def _bytes_in_use(blocks: Iterable[ArenaBlock], steps: int) -> list[int]:
    """Of each step."""
    changes = [0] * (steps + 1)
    for block in blocks:
        if steps:
            changes[block.first] += block.size
            changes[block.last + 1] -= block.size
    return list(itertools.accumulate(changes[:steps]))
