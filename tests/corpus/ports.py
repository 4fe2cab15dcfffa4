"""What goes into a model and comes out of it, by the official schema, so that no reader of ours has a say in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_tools.tflite_writer import load_schema
from tests.corpus import VOCABULARY

Array: TypeAlias = npt.NDArray[Any]

DTYPES = {"FLOAT32": "float32", "INT8": "int8", "UINT8": "uint8", "INT16": "int16", "INT32": "int32", "BOOL": "bool"}


def random_inputs(content: bytes, source: np.random.Generator) -> list[Array]:
    """One value for each input of the model, by its shape and type."""
    subgraph = _first_subgraph(content)
    tensors = [subgraph.Tensors(subgraph.Inputs(number)) for number in range(subgraph.InputsLength())]
    return [_random_values([int(size) for size in tensor.ShapeAsNumpy()], _dtype(tensor), source) for tensor in tensors]


def output_count(content: bytes) -> int:
    """How many outputs the model has."""
    count: int = _first_subgraph(content).OutputsLength()
    return count


def _first_subgraph(content: bytes) -> Any:
    return load_schema().Model.GetRootAs(content, 0).Subgraphs(0)


def _dtype(tensor: Any) -> np.dtype[Any]:
    types = load_schema().TensorType
    return next(np.dtype(ours) for theirs, ours in DTYPES.items() if getattr(types, theirs) == tensor.Type())


def _random_values(shape: Sequence[int], dtype: np.dtype[Any], source: np.random.Generator) -> Array:
    """Real values as they were in calibration, a little further spread, so that some saturate; ids; any integer."""
    if dtype == np.float32:
        return np.float32(1.25) * source.standard_normal(shape, np.float32)
    if dtype == np.int32:
        return source.integers(0, VOCABULARY, shape, np.int32)
    if dtype == np.bool_:
        return source.integers(0, 2, shape).astype(np.bool_)
    limits = np.iinfo(dtype)
    return source.integers(limits.min, limits.max, shape, dtype, endpoint=True)
