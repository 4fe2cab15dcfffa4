"""GATHER and GATHER_ND. Source of the rules: TFLM ``gather.cc``, ``gather_nd.cc``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_infer_core.errors import KernelError
from ember_infer_core.ops.gather import RowParams, prepare, prepare_gather_nd
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.options import GatherOptions
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a GATHER or a GATHER_ND."""
    source.arity((2,))
    tensors = {"input": source.input(0), "indices": source.input(1), "output": source.output()}
    fields: dict[str, Any] = {f"{name}_shape": tensor.shape for name, tensor in tensors.items()}
    fields["dtype"] = source.dtype(tensors["input"])
    params: RowParams
    if source.operator.code is BuiltinOperator.GATHER_ND:
        method, params = "gather_nd", source.prepare(prepare_gather_nd, **fields)
    else:
        options = source.options_or_default(GatherOptions)
        fields |= {"axis": options.axis, "batch_dims": options.batch_dims}
        method, params = "gather", source.prepare(prepare, **fields)
    if source.is_known(tensors["indices"]):
        _check_indices(source, params)
    return Lowered(method, params, {name: tensor.index for name, tensor in tensors.items()})


def _check_indices(source: OperatorSource, params: RowParams) -> None:
    """Constant indices that no run can do with are named now."""
    try:
        params.rows(np.array(source.whole_numbers(source.input(1)), np.int32).reshape(params.indices_shape))
    except KernelError as error:
        raise Refusal(str(error)) from None
