"""The array types of the interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["FloatArray", "FloatResult", "Int8Array", "Int8Arrays", "Int8Result", "Scratch"]

Int8Array: TypeAlias = npt.NDArray[np.int8]
# One array, or a sequence of them where the model has several inputs or outputs.
Int8Arrays: TypeAlias = Int8Array | Sequence[Int8Array]
FloatArray: TypeAlias = npt.NDArray[np.float32]
# Below Python 3.12 a plain `Buffer` does not accept arrays.
Scratch: TypeAlias = bytearray | memoryview | npt.NDArray[np.uint8]
# One array for a model with one output, a tuple for one with several, which only the model knows. `| Any` lets both
# pass in checkers that cannot read the model; the mypy plugin and stubs say which it is.
FloatResult: TypeAlias = FloatArray | Any
Int8Result: TypeAlias = Int8Array | Any
