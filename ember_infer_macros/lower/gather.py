"""GATHER, GATHER_ND and EMBEDDING_LOOKUP, as in TFLM ``gather.cc``, ``gather_nd.cc`` and ``embedding_lookup.cc``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_infer_core.errors import KernelError
from ember_infer_core.ops.gather import IndexedRowParams, prepare, prepare_gather_nd
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.graph import GraphTensor
from ember_infer_macros.tflite.options import GatherOptions
from ember_infer_macros.tflite.schema import BuiltinOperator


def lower(source: OperatorSource) -> Lowered:
    """The call of a GATHER, a GATHER_ND, or an EMBEDDING_LOOKUP: a GATHER whose inputs come the other way round."""
    source.arity((2,))
    code = source.operator.code
    is_embedding = code is BuiltinOperator.EMBEDDING_LOOKUP
    table, indices = (source.input(1), source.input(0)) if is_embedding else (source.input(0), source.input(1))
    tensors = {"input": table, "indices": indices, "output": source.output()}
    fields: dict[str, Any] = {f"{name}_shape": tensor.shape for name, tensor in tensors.items()}
    fields["dtype"] = source.dtype(table)
    params: IndexedRowParams
    if code is BuiltinOperator.GATHER_ND:
        method, params = "gather_nd", source.prepare(prepare_gather_nd, **fields)
    else:
        axis, batch_dims = (0, 0) if is_embedding else _options(source)
        if is_embedding and (len(indices.shape) != 1 or len(table.shape) < 2):
            raise Refusal("ids must have one axis, and the table two or more; TensorFlow Lite Micro refuses this too")
        method, params = "gather", source.prepare(prepare, axis=axis, batch_dims=batch_dims, **fields)
    if source.is_known(indices):
        _check_indices(source, indices, params)
    return Lowered(method, params, {name: tensor.index for name, tensor in tensors.items()})


def _options(source: OperatorSource) -> tuple[int, int]:
    options = source.options_or_default(GatherOptions)
    return options.axis, options.batch_dims


def _check_indices(source: OperatorSource, indices: GraphTensor, params: IndexedRowParams) -> None:
    """Constant indices that no run can do with are named now."""
    try:
        params.check(np.array(source.whole_numbers(indices), np.int32).reshape(params.indices_shape))
    except KernelError as error:
        raise Refusal(str(error)) from None
