"""The array types of the interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = [
    "AnyArray",
    "Arrays",
    "BoolArray",
    "FloatArray",
    "Int8Array",
    "Int16Array",
    "Int32Array",
    "RealValues",
    "Result",
    "Scratch",
    "Uint8Array",
]

T = TypeVar("T")

BoolArray: TypeAlias = npt.NDArray[np.bool_]
FloatArray: TypeAlias = npt.NDArray[np.float32]
Int8Array: TypeAlias = npt.NDArray[np.int8]
Int16Array: TypeAlias = npt.NDArray[np.int16]
Int32Array: TypeAlias = npt.NDArray[np.int32]
Uint8Array: TypeAlias = npt.NDArray[np.uint8]
# An input or output where nobody has read which type it has: whatever a model says more exactly fits it.
AnyArray: TypeAlias = npt.NDArray[Any]
# One array, or a sequence of them where the model has several inputs or outputs; or each by its name.
Arrays: TypeAlias = T | Sequence[T] | Mapping[str, T]
# Numbers, or a sequence of them where the model has several inputs, each with a type of its own; or each by its name.
RealValues: TypeAlias = npt.ArrayLike | Sequence[Any] | Mapping[str, Any]
# Below Python 3.12 a plain `Buffer` does not accept arrays.
Scratch: TypeAlias = bytearray | memoryview | npt.NDArray[np.uint8]
# One array for a model with one output, a tuple for one with several, which only the model knows. `| Any` lets both
# pass in checkers that cannot read the model; the mypy plugin and stubs say which it is, and of what type.
Result: TypeAlias = AnyArray | Any
