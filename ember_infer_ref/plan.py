"""What all kernels begin with: checks, and preparation of what is computed once and kept in the parameters' cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from ember_infer_core.slots import OperatorParams, check_buffers

__all__ = ["Step", "in_turn", "run_prepared"]

Step: TypeAlias = Callable[[], None]
Params = TypeVar("Params", bound=OperatorParams)


def run_prepared(params: Params, key: str, prepare: Callable[[Params], Step]) -> None:
    """Runs the operator: with the step kept in ``params.cache`` under ``key``, or one prepared for this call alone.

    Args:
        params: with buffers bound.
        key: says which kernel prepared the step, and in what variant.
        prepare: makes the step: everything bound, nothing written to the output.

    Raises:
        InvalidShape: a buffer is not what the parameters say; nothing was written.
    """
    cache = params.cache
    step: Step | None = None if cache is None else cache.get(key)
    if step is None:
        check_buffers(params)
        step = prepare(params)
        if cache is not None:
            cache[key] = step
    step()


def in_turn(first: Step, second: Step) -> Step:
    """The step that takes two steps, one after the other."""

    def run() -> None:
        first()
        second()

    return run
