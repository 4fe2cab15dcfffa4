"""Operators of one input and one output of one type: functions of one element."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ember_infer_core.ops import OPERATORS
from ember_infer_macros.lower.common import Lowered, OperatorSource


def lower(source: OperatorSource, **attributes: Any) -> Lowered:
    """The call of the operator, whose method is named after it.

    Args:
        source: the operator.
        attributes: what its ``prepare`` takes beside the tensors.
    """
    source.arity((1,))
    method = source.operator.name.lower()
    prepare = importlib.import_module(f"ember_infer_core.ops.{OPERATORS[method]}").prepare
    tensors = {"input": source.input(0), "output": source.output()}
    dtype = source.dtype(tensors["input"])
    quantized = tensors if dtype == np.int8 else ()
    return source.lowered(method, prepare, tensors, quantized, dtype=dtype, **attributes)
