"""What interpreters tell about tensors, in the types that scripts expect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ember_infer.metadata import TensorMetadata
from ember_infer_core.errors import InvalidShape
from ember_infer_core.slots import AnyArray
from ember_infer_macros.tflite.graph import GraphTensor
from ember_infer_macros.tflite.schema import TensorType

__all__ = ["array_for", "copied", "element_type", "quantization_parameters"]

# Source: LiteRT's ``TfLiteTypeToPyArrayType``. What NumPy has no type for is what LiteRT shows in its place.
_ELEMENT_TYPES: Mapping[TensorType, type[Any]] = {
    TensorType.FLOAT32: np.float32,
    TensorType.FLOAT16: np.float16,
    TensorType.INT32: np.int32,
    TensorType.UINT8: np.uint8,
    TensorType.INT64: np.int64,
    TensorType.STRING: np.bytes_,
    TensorType.BOOL: np.bool_,
    TensorType.INT16: np.int16,
    TensorType.COMPLEX64: np.complex64,
    TensorType.INT8: np.int8,
    TensorType.FLOAT64: np.float64,
    TensorType.COMPLEX128: np.complex128,
    TensorType.UINT64: np.uint64,
    TensorType.UINT32: np.uint32,
    TensorType.UINT16: np.uint16,
    TensorType.INT4: np.int8,
    TensorType.INT2: np.int8,
    TensorType.UINT4: np.uint8,
    TensorType.FLOAT8_E4M3FN: np.int8,
    TensorType.FLOAT8_E5M2: np.int8,
}


def element_type(tensor: GraphTensor) -> type[Any]:
    """The NumPy type of a tensor's elements; that of any object where there is none."""
    return _ELEMENT_TYPES.get(tensor.type, np.object_)


def quantization_parameters(tensor: TensorMetadata) -> dict[str, Any]:
    """Scales and zero points, one of each for a tensor or for a channel; empty where it is not quantised."""
    return {
        "scales": np.array(tensor.scales, np.float32),
        # A file has 64 bits for each, of which LiteRT and TensorFlow Lite Micro keep the lower half.
        "zero_points": np.array(tensor.zero_points, np.int64).astype(np.int32),
        "quantized_dimension": tensor.quantized_dimension,
    }


def array_for(value: Any, tensor: GraphTensor, buffer: AnyArray, number: int) -> AnyArray:
    """What is to be an input's content, checked as TensorFlow's interpreters check it: nothing is converted.

    Args:
        value: from the caller.
        tensor: the input.
        buffer: its memory, of the type and shape that it has now.
        number: what the caller calls it.

    Raises:
        InvalidShape: a ValueError; the type, the rank or a size is another.
    """
    array = np.asarray(value)
    if array.dtype != buffer.dtype:
        raise InvalidShape(
            f"Cannot set tensor: Got value of type {array.dtype.name.upper()} but expected type {tensor.type.name} for "
            f"input {number}, name: {tensor.name}"
        )
    if array.shape == buffer.shape:
        return array
    got, wanted, where = array.ndim, buffer.ndim, f"input {number}"
    if got == wanted:
        axis = next(axis for axis, size in enumerate(buffer.shape) if array.shape[axis] != size)
        got, wanted, where = array.shape[axis], buffer.shape[axis], f"dimension {axis} of input {number}"
    raise InvalidShape(f"Cannot set tensor: Dimension mismatch. Got {got} but expected {wanted} for {where}.")


def copied(array: AnyArray) -> Any:
    """A copy as those interpreters give it: of a scalar a NumPy number."""
    return array.copy()[()]
