"""One operator call as a program, for backends that know programs alone."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from ember_infer_core.program import Call, Program, Tensor, Variable
from ember_infer_core.slots import OperatorParams, Role, check_buffers, content, slots, unbind

__all__ = ["Run", "program_of_call", "run_call"]

Run: TypeAlias = Callable[[], None]


def run_call(key: str, method: str, params: OperatorParams, prepare: Callable[[str, OperatorParams], Run]) -> None:
    """Computes one call.

    Args:
        key: under which ``params.cache``, where there is one, keeps what was prepared, for the next run.
        method: of a backend.
        params: of the call, all bound.
        prepare: makes of method and parameters, whose buffers are right, what computes the call.

    Raises:
        InvalidShape: a buffer is not as declared; nothing has run.
    """
    run: Run | None = None if params.cache is None else params.cache.get(key)
    if run is None:
        check_buffers(params)
        run = prepare(method, params)
        if params.cache is not None:
            params.cache[key] = run
    run()


def program_of_call(method: str, params: OperatorParams) -> Program:
    """A program of this one call: activations first and last, constants as they are bound now. Its variables are the
    call's states; their initial content counts for nothing.
    """
    tensors: list[Tensor] = []
    operands: dict[str, int] = {}
    for slot in slots(params):
        array = content(params, slot)
        if array is None:
            continue
        data = array if slot.role is Role.CONSTANT else None
        operands[slot.name] = len(tensors)
        tensors.append(Tensor(slot.name, slot.shape, slot.dtype, getattr(params, f"{slot.name}_quant", None), data))
    unbound = copy.copy(params)
    unbind(unbound)
    call = Call(method, method, 0, unbound, operands)
    inputs, outputs = tuple(call.tensors(Role.INPUT)), tuple(call.tensors(Role.OUTPUT))
    variables = tuple(_empty_variable(tensors[index], index) for index in call.tensors(Role.STATE))
    return Program(method, tuple(tensors), inputs, outputs, (call,), variables)


def _empty_variable(tensor: Tensor, index: int) -> Variable:
    content = np.zeros(tensor.shape, tensor.dtype)
    return Variable(index, content, content)
