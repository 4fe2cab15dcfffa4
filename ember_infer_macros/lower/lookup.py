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
    assert source.operator.code is not None  # check_supported saw to it
    method = source.operator.code.name.lower()
    prepare = importlib.import_module(f"ember_infer_core.ops.{OPERATORS[method]}").prepare
    input_, output = source.input(0), source.output()
    dtype = source.dtype(input_)
    fields = {"input_shape": input_.shape, "output_shape": output.shape, "dtype": dtype, **attributes}
    if dtype == np.int8:
        fields |= {"input_quant": source.quant(input_), "output_quant": source.quant(output)}
    return Lowered(method, source.prepare(prepare, **fields), {"input": input_.index, "output": output.index})
