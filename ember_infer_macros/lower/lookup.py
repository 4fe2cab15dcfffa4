"""Operators of one input and one output whose types and quantisation say all: functions of one element."""

from __future__ import annotations

import importlib
from typing import Any

from ember_infer_core.ops import OPERATORS
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource, **attributes: Any) -> Lowered:
    """The call of the operator, whose method is named after it.

    Args:
        source: the operator.
        attributes: what its ``prepare`` takes beside the tensors.
    """
    source.arity((1,))
    assert source.operator.code is not None  # check_supported saw to it
    method = source.operator.code.name.lower()
    prepare = importlib.import_module(f"ember_infer_core.ops.{OPERATORS[method]}").prepare
    return source.lowered(method, prepare, "input", **attributes)
