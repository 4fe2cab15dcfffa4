"""Inputs and outputs of a model: their types, and what that makes of the caller's values and arrays."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.errors import InvalidShape, QuantizedTwiceWarning
from ember_infer_core.ops.common import element_count
from ember_infer_core.quantization import UNQUANTIZED, QuantParam, dequantize, integer_range, quantize
from ember_infer_core.slots import FLOAT32, AnyArray, DType, Shape

if TYPE_CHECKING:
    from ember_infer_core.program import Program

__all__ = ["Port", "ports"]

# From the method that warns to the caller of `predict`: Runtime.predict and the generated method lie between.
_TO_CALLER = 4


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of a model.

    Attributes:
        role: ``input`` or ``output``, numbered where there are several.
        name: as the model file has it.
        shape: batch first.
        length: elements.
        dtype: of the elements.
        quant: how they stand for real values; None where they are the values themselves.
    """

    role: str
    name: str
    shape: Shape
    length: int
    dtype: DType
    quant: QuantParam | None

    @property
    def scale(self) -> float:
        """In ``real = scale * (q - zero_point)``; 1.0 where the elements are the values themselves."""
        return (self.quant or UNQUANTIZED).scale

    @property
    def zero_point(self) -> int:
        """In ``real = scale * (q - zero_point)``; 0 where the elements are the values themselves."""
        return (self.quant or UNQUANTIZED).zero_point

    @property
    def real_dtype(self) -> DType:
        """Of real values: float32 where the port is quantised, its own type where it is not."""
        return self.dtype if self.quant is None else FLOAT32

    def quantize(self, real: npt.ArrayLike) -> AnyArray:
        """Real values in the port's own type; not copied where they have it already and the port is not quantised.

        Raises:
            InvalidShape: integers or bools are wanted.
            ValueError: a value is NaN and the port quantised, or a value does not fit into its integer type.
        """
        if self.quant is not None:
            return quantize(real, self.quant, self.dtype)
        if self.dtype == FLOAT32:
            return np.asarray(real, np.float32)
        return self._whole(np.asarray(real))

    def _whole(self, values: AnyArray) -> AnyArray:
        if values.dtype.kind not in "biu":
            raise InvalidShape(f"{self.role}: values of {self.dtype} are wanted, not of {values.dtype}")
        low, high = (0, 1) if self.dtype.kind == "b" else integer_range(self.dtype)
        if values.size and not (low <= values.min() and values.max() <= high):
            raise ValueError(f"{self.role}: a value does not fit into {self.dtype}, {low} to {high}")
        return values.astype(self.dtype, copy=False)

    def dequantize(self, q: npt.ArrayLike) -> AnyArray:
        """Elements of the port as real values, in an array of their own."""
        return np.array(q, self.dtype) if self.quant is None else dequantize(q, self.quant)

    def from_real(self, real: Any) -> AnyArray:
        """:meth:`quantize` of as many values as the port has, for ``predict``; warns of what is quantised already."""
        values = np.asarray(real)
        if values.size != self.length:
            raise InvalidShape(f"{self.role}: {self.length} values are wanted (shape {self.shape}), not {values.size}")
        if values.dtype == self.dtype and self.quant not in (None, UNQUANTIZED):
            warnings.warn(
                f"{self.role}: predict() takes real values and quantises them, but was given {self.dtype}, the model's "
                f"own type; predict_quantized() takes {self.dtype} as it is",
                QuantizedTwiceWarning,
                stacklevel=_TO_CALLER,
            )
        return self.quantize(values)

    def checked(self, array: Any) -> AnyArray:
        """The caller's array, which must have the port's type and length.

        Raises:
            InvalidShape: says what is wrong.
        """
        if not isinstance(array, np.ndarray):
            raise InvalidShape(f"{self.role}: a NumPy array of {self.dtype} is wanted, not {type(array).__name__}")
        if array.dtype != self.dtype:
            raise InvalidShape(f"{self.role}: dtype {self.dtype} is wanted, not {array.dtype} ({self._remedy()})")
        if array.size != self.length:
            raise InvalidShape(
                f"{self.role}: {self.length} elements are wanted (shape {self.shape}), not shape {array.shape}"
            )
        if not array.flags.c_contiguous:
            raise InvalidShape(f"{self.role}: the array must be C-contiguous ({self._contiguous()})")
        return array

    def _remedy(self) -> str:
        if self.is_output:
            return self._contiguous()
        if self.dtype == np.float32:
            return "real values are wanted, not quantised ones"
        return f"{'astype' if self.quant is None else 'quantize'}() makes {self.dtype} of real values"

    def _contiguous(self) -> str:
        """How to come by an array that will do: a result must not go into a copy."""
        if self.is_output:
            return f"np.empty({self.shape}, np.{self.dtype}) makes one"
        return "np.ascontiguousarray makes it so"

    @property
    def is_output(self) -> bool:
        """Whether the model writes it."""
        return self.role.startswith("output")

    def rows(self, array: Any) -> tuple[AnyArray, bool]:
        """The runs of a batch, ``(runs, *shape)``, and whether each row of the caller's array was a whole input.

        Raises:
            InvalidShape: it holds no whole runs, or has another type.
        """
        whole = self._whole_rows(array)
        if whole is not None:
            return whole, True
        row = element_count(array.shape[1:]) if array.ndim else 0
        model_batch = self.shape[0] if self.shape else 1
        if array.ndim and row * model_batch == self.length and len(array) % model_batch == 0:
            return array.reshape(len(array) // model_batch, *self.shape), False
        wanted = f"(N, {', '.join(str(size) for size in self.shape[1:])})"
        raise InvalidShape(f"{self.role}: shape {wanted} is wanted (N divisible by {model_batch}), not {array.shape}")

    def steps(self, array: Any) -> AnyArray:
        """The steps of a sequence, ``(steps, *shape)``, where each row of the caller's array is a whole input.

        Raises:
            InvalidShape: a row is something else, or of another type.
        """
        rows = self._whole_rows(array)
        if rows is None:
            wanted = f"(T, {', '.join(str(size) for size in self.shape)})"
            raise InvalidShape(f"{self.role}: shape {wanted} is wanted, T steps of whole inputs, not {array.shape}")
        return rows

    def _whole_rows(self, array: Any) -> AnyArray | None:
        """The array as ``(rows, *shape)``, if each of its rows has the elements of a whole input."""
        if not isinstance(array, np.ndarray) or array.dtype != self.dtype:
            found = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            hint = f" ({self._remedy()})" if isinstance(array, np.ndarray) else ""
            raise InvalidShape(f"{self.role}: a NumPy array of {self.dtype} is wanted, not {found}{hint}")
        if not array.ndim or element_count(array.shape[1:]) != self.length:
            return None
        return array.reshape(len(array), *self.shape)


def ports(program: Program, indices: Sequence[int], role: str) -> tuple[Port, ...]:
    """The program's inputs or outputs; numbered in their names where there are several."""
    found = []
    for position, index in enumerate(indices):
        tensor = program.tensors[index]
        numbered = role if len(indices) == 1 else f"{role} {position}"
        # A scale means nothing for floats and bools, though some converters write one.
        quant = tensor.quant if isinstance(tensor.quant, QuantParam) and tensor.dtype.kind in "iu" else None
        found.append(Port(numbered, tensor.name, tensor.shape, element_count(tensor.shape), tensor.dtype, quant))
    return tuple(found)
