"""Copies to and from variables that nobody could tell from the variable itself become aliases.

A streaming model reads a variable, puts new values behind the old ones, and assigns the last of them: two copies that
need not be made, since nothing reads the old content once the new one is written.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from dataclasses import replace

from ember_infer_core.program import Call, Program
from ember_infer_core.slots import Role

__all__ = ["alias_variables"]


def alias_variables(program: Program) -> Program:
    """Drops the copies that can go: first those that read, because they decide how long a variable's content is read.

    Runs after :func:`alias_reshapes`.
    """
    if not program.variables:
        return program
    uses = _Uses(program)
    for step, call in enumerate(program.calls):
        if call.method == "reshape":
            uses.alias_read(step, call)
    for step, call in enumerate(program.calls):
        if call.method == "reshape":
            uses.alias_write(step, call)
    tensors = tuple(
        replace(tensor, alias_of=root) if (root := uses.root[index]) != index else tensor
        for index, tensor in enumerate(program.tensors)
    )
    calls = tuple(call for step, call in enumerate(program.calls) if step not in uses.dropped)
    return replace(program, tensors=tensors, calls=calls)


class _Uses:
    """Which calls read and write each piece of memory, while copies go.

    Attributes:
        root: for each tensor the one whose memory it uses.
        dropped: numbers of the copies that are gone.
    """

    def __init__(self, program: Program) -> None:
        self.root = [program.storage(index) for index in range(len(program.tensors))]
        self.dropped: set[int] = set()
        self._variables = program.kept
        self._endings = [
            step for step, call in enumerate(program.calls) if call.params.ending is not None or call.params.may_fail
        ]
        self._fixed = {self.root[index] for index in (*program.inputs, *program.outputs)}
        self._fixed.update(index for index, tensor in enumerate(program.tensors) if tensor.data is not None)
        self._members: dict[int, list[int]] = defaultdict(list)
        for index, root in enumerate(self.root):
            self._members[root].append(index)
        # The calls that read and that write the memory of a tensor, in their order.
        self._reads: dict[int, list[int]] = defaultdict(list)
        self._writes: dict[int, list[int]] = defaultdict(list)
        for step, call in enumerate(program.calls):
            for index in dict.fromkeys(call.tensors(Role.INPUT, Role.STATE)):
                self._reads[self.root[index]].append(step)
            for index in dict.fromkeys(call.tensors(Role.OUTPUT, Role.STATE)):
                self._writes[self.root[index]].append(step)

    def alias_read(self, step: int, copy: Call) -> None:
        """A copy of a variable is the variable, unless that changes while the copy is still read."""
        variable, target = self.root[copy.operands["input"]], self.root[copy.operands["output"]]
        if variable not in self._variables or target in self._variables or target in self._fixed:
            return
        last_read = max(self._reads[target], default=step)
        if not _any_within(self._writes[variable], step, last_read):
            self._merge(step, variable, target)

    def alias_write(self, step: int, copy: Call) -> None:
        """What is copied to a variable is computed in the variable's memory, unless that is still used."""
        source, variable = self.root[copy.operands["input"]], self.root[copy.operands["output"]]
        if variable not in self._variables or source in self._variables or source in self._fixed:
            return
        first = self._writes[source][0]
        last_read = max(self._reads[source], default=step)
        used_before = (
            _any_within(self._reads[variable], first, step)
            or _any_within(self._writes[variable], first, step - 1)
            or _any_within(self._endings, first, step)  # a run may end without the copy
        )
        if not used_before and not _any_within(self._writes[variable], step + 1, last_read):
            self._merge(step, variable, source)

    def _merge(self, step: int, variable: int, other: int) -> None:
        """The memory of a variable takes in what another tensor stands for; the copy between them goes."""
        for index in self._members[other]:
            self.root[index] = variable
        self._members[variable] += self._members.pop(other)
        for users in (self._reads, self._writes):
            steps = users[variable]
            for user in users.pop(other, ()):
                bisect.insort(steps, user)
            if _any_within(steps, step, step):
                del steps[bisect.bisect_left(steps, step)]
        self.dropped.add(step)


def _any_within(steps: list[int], first: int, last: int) -> bool:
    """Whether one of these numbers, which are in order, lies from ``first`` to ``last``."""
    at = bisect.bisect_left(steps, first)
    return at < len(steps) and steps[at] <= last
