"""What an operator tells the planner and the code generator, which know none by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ember_infer_core.ops.common import element_count
from ember_infer_core.slots import OperatorParams, Role, slots
from ember_infer_native.plan import Kernel, Step

__all__ = ["Borders", "NativeOperator"]

Planner: TypeAlias = Callable[..., list[Step]]


@dataclass(frozen=True, slots=True)
class Borders:
    """Rows and columns around an image that an operator reads, and the int8 value that it takes them to have."""

    top: int
    left: int
    bottom: int
    right: int
    value: int


def _no_borders(params: Any) -> bool:
    return False


def _no_wishes(params: Any) -> Mapping[str, Borders]:
    return {}


def _elements(params: OperatorParams) -> int:
    return sum(element_count(slot.shape) for slot in slots(params) if slot.role is Role.OUTPUT)


@dataclass(frozen=True, slots=True)
class NativeOperator:
    """An operator, as native code.

    Attributes:
        plan: ``(context, params, **operands)`` -> the steps of a call. Operands that are inputs or outputs come as
            :class:`~ember_infer_native.plan.Place`, constants as arrays, those that are left out as None, and of an
            operand that is many a tuple.
        kernels: whatever its steps may call.
        takes_borders: whether the calls of these parameters can do with any borders around inputs and outputs of int8
            that have four axes. Otherwise all places are dense.
        wanted_borders: by operand, the borders around the inputs that spare it copies; what it then gets may have
            wider ones, or none.
        work: about how many multiplications, or elements, a call comes to.
    """

    plan: Planner
    kernels: tuple[Kernel, ...]
    takes_borders: Callable[[Any], bool] = _no_borders
    wanted_borders: Callable[[Any], Mapping[str, Borders]] = _no_wishes
    work: Callable[[Any], int] = _elements
