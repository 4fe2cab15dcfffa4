"""Element types of tensors and the bytes of constants, for the model writer."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["INT4", "TENSOR_TYPES", "encode"]

INT4 = "int4"

# NumPy's name of an element type (and int4, which NumPy does not have) -> the schema's.
TENSOR_TYPES = {
    name: name.upper()
    for name in (
        *("bool", "float16", "float32", "float64"),
        *("int4", "int8", "int16", "int32", "int64"),
        *("uint8", "uint16", "uint32", "uint64"),
        "resource",  # the handle of a variable, which has no elements of its own
    )
}


def encode(name: str, shape: Sequence[int], dtype: str, data: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """The bytes of a constant: little-endian; of int4 two elements in a byte, the first in the low four bits.

    Args:
        name: of the tensor, for messages.
        shape: of the tensor.
        dtype: of the tensor, a key of ``TENSOR_TYPES``.
        data: as many elements of that type; of int4 as int8 from -8 to 7.

    Raises:
        ValueError: ``data`` is of another size or type, or has values that int4 cannot hold.
    """
    array = np.asarray(data)
    stored = "int8" if dtype == INT4 else dtype
    if array.dtype.name != stored or array.size != math.prod(shape):
        raise ValueError(
            f"tensor {name!r}: the data is {array.dtype.name}{list(array.shape)}, not {stored}{list(shape)}"
        )
    if dtype == INT4:
        return _pack_int4(name, array.ravel())
    return np.frombuffer(array.astype(array.dtype.newbyteorder("<")).tobytes(), np.uint8)


def _pack_int4(name: str, elements: npt.NDArray[np.int8]) -> npt.NDArray[np.uint8]:
    if elements.size and (elements.min() < -8 or elements.max() > 7):
        raise ValueError(f"tensor {name!r}: the data goes from {elements.min()} to {elements.max()}, int4 from -8 to 7")
    nibbles: npt.NDArray[np.uint8] = np.zeros(elements.size + elements.size % 2, np.uint8)
    nibbles[: elements.size] = elements.view(np.uint8) & 0x0F
    packed: npt.NDArray[np.uint8] = nibbles[0::2] | (nibbles[1::2] << np.uint8(4))
    return packed
