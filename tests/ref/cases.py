"""How a kernel's result is got: single, or of a prepared call that has run before."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from ember_infer_core.slots import AnyArray

__all__ = ["result_of"]


def result_of(method: Callable[[Any], None], params: Any, runs: int = 0) -> AnyArray:
    """The output of a single call, or of the last of several runs of a prepared one, on a copy of the parameters."""
    call = copy.copy(params)
    call.output = np.full_like(params.output, 77)
    call.cache = {} if runs else None
    for _ in range(max(runs, 1)):
        method(call)
    return call.output  # type: ignore[no-any-return]
