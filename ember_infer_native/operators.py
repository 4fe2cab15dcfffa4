"""Single operator calls: the same kernels and plans, in a library that is compiled once for all shapes."""

from __future__ import annotations

import ctypes
import operator
from collections.abc import Mapping

import numpy as np

from ember_infer_core.dispatch import aligned_bytes
from ember_infer_core.errors import InternalError, KernelError
from ember_infer_core.single_call import Run, program_of_call, run_call
from ember_infer_core.slots import AnyArray, ByteArray, OperatorParams, Role, bound
from ember_infer_native.codegen import struct_fields
from ember_infer_native.library import ALIGNMENT
from ember_infer_native.plan import Status, Step
from ember_infer_native.planner import plan_program
from ember_infer_native.targets import Target

__all__ = ["Operators"]

_KEY = "native.operator"


class Operators:
    """Runs single calls. Nothing in it changes: any number of threads may share it.

    Args:
        target: what the library is for.
        library: compiled from :func:`~ember_infer_native.codegen.generate_operators`.
    """

    def __init__(self, target: Target, library: ctypes.CDLL) -> None:
        self._target = target
        self._library = library

    def run(self, method: str, params: OperatorParams) -> None:
        """Computes one call; what can be kept for the next run of an executable is kept in ``params.cache``."""
        run_call(_KEY, method, params, self._prepare)

    def _prepare(self, method: str, params: OperatorParams) -> Run:
        plan = plan_program(program_of_call(method, params), self._target, generic=True)
        constants, arena = aligned_bytes(len(plan.constants), ALIGNMENT), aligned_bytes(plan.arena_len, ALIGNMENT)
        constants[:] = np.frombuffer(plan.constants, np.uint8)
        own: dict[str, list[AnyArray]] = {"constants": [constants], "arena": [arena]}
        roles = (Role.INPUT, Role.OUTPUT, Role.STATE)
        inputs, outputs, states = (list(bound(params, role).values()) for role in roles)
        memory = own | {"input": inputs, "output": outputs}
        state_memory = own | {"input": states, "output": states}
        for step in plan.prepare:
            self._bound(step, memory)()
        layers = [step for _, steps in plan.layers for step in steps]
        calls = [self._bound(step, state_memory) for step in plan.load]
        calls += [self._bound(step, memory) for step in (*plan.imports, *layers)]
        exports = [self._bound(step, state_memory) for step in plan.save]
        exports += [self._bound(step, memory) for step in plan.exports]
        if plan.status.place is not None:
            calls.append(_check(plan.status, arena))
        calls += exports

        def run() -> None:
            for call in calls:
                call()

        return run

    def _bound(self, step: Step, memory: Mapping[str, list[AnyArray]]) -> Run:
        function = getattr(self._library, f"ember_step_{step.kernel.name}", None)
        if function is None:
            raise InternalError(f"{self._library._name}: not a library of this version of Ember Infer; build it again")
        values: list[int] = []
        names = struct_fields(step.kernel)
        if set(step.fields) != set(names):
            raise InternalError(f"{step.kernel.name}: the plan and struct {step.kernel.struct} have different fields")
        for name in names:
            value = step.fields[name]
            values.extend(value if isinstance(value, tuple) else (value,))
        template = (ctypes.c_int * max(len(step.template), 1))(*step.template)
        fields = (ctypes.c_int * len(values))(*values)
        addresses = [memory[pointer.base][pointer.position].ctypes.data + pointer.offset for pointer in step.pointers]
        moved = [[time * stride for stride in step.strides] or [0] * len(addresses) for time in range(step.times)]
        pointers = [(ctypes.c_void_p * len(addresses))(*map(operator.add, addresses, by)) for by in moved]
        held = memory  # the addresses are of its arrays

        def run() -> None:
            assert held
            for each in pointers:
                function(template, fields, each)

        return run


def _check(status: Status, arena: ByteArray) -> Run:
    """Raises what went wrong in the steps before, if anything did, and forgets it."""
    assert status.place is not None
    number = arena[status.place.offset :][:4].view(np.int32)

    def check() -> None:
        if number[0]:
            message, number[0] = status.messages[number[0] - 1], 0
            raise KernelError(message)

    return check
