"""Functions of one element: over int8 and uint8 a table of all 256 values, computed once when a call is prepared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ember_infer_core.errors import InvalidShape
from ember_infer_core.fixed_point import Int64Array
from ember_infer_core.quantization import UNQUANTIZED, QuantParam
from ember_infer_core.slots import AnyArray, DType, Operand, OperatorParams, Role, Shape, unbound_int8

__all__ = ["LookupParams", "check_same_shape", "tabulated"]

_INT8: DType = np.dtype(np.int8)


@dataclass(slots=True, kw_only=True, eq=False)
class LookupParams(OperatorParams):
    """A function of one element, applied to each.

    Attributes:
        input_shape, output_shape: equal.
        input_dtype, output_dtype: of the elements.
        input_quant, output_quant: where they are quantised.
        table: where the input has 8 bits, the result for each of its values, from the least to the greatest: 256
            elements of ``output_dtype``. None where the input has other types, and the operator computes.
        input, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (Operand("input", Role.INPUT, None), Operand("output", Role.OUTPUT, None))

    input_shape: Shape
    output_shape: Shape
    input_dtype: DType = _INT8
    output_dtype: DType = _INT8
    input_quant: QuantParam = UNQUANTIZED
    output_quant: QuantParam = UNQUANTIZED
    table: AnyArray | None = None
    input: AnyArray = field(default_factory=unbound_int8, repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)


def tabulated(function: Callable[[Int64Array], AnyArray], input_dtype: DType, output_dtype: DType) -> AnyArray:
    """The read-only table of a function of int64 values that an element of 8 bits can have."""
    least = -128 if input_dtype == np.int8 else 0
    table = function(np.arange(least, least + 256, dtype=np.int64)).astype(output_dtype)
    table.flags.writeable = False
    return table


def check_same_shape(input_shape: Shape, output_shape: Shape) -> None:
    """Checks that a function of single elements has as many results.

    Raises:
        InvalidShape: it does not.
    """
    if input_shape != output_shape:
        raise InvalidShape(f"shapes {list(input_shape)} and {list(output_shape)} must be equal")
