"""Functions of one element: over int8 and uint8 a table of all 256 values, computed once when a call is prepared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from ember_infer_core.errors import KernelError
from ember_infer_core.fixed_point import Int64Array, IntLike, multiply_by_quantized_multiplier, wrap_int32
from ember_infer_core.ops.common import check_same_shape, element_count
from ember_infer_core.quantization import (
    INT8_MAX,
    INT8_MIN,
    UNQUANTIZED,
    QuantParam,
    check_defined_shift,
    quantize_multiplier,
)
from ember_infer_core.slots import INT8, AnyArray, DType, Operand, OperatorParams, Role, Shape, unbound_int8

__all__ = [
    "LookupParams",
    "Prepare",
    "QuantizedFunction",
    "check_domain",
    "lookup_fields",
    "prepare_function",
    "rescaled",
    "tabulated",
]


# Of int64 values that an int8 can have, and the quantisation of input and output; the results are clamped to int8.
QuantizedFunction: TypeAlias = Callable[[Int64Array, QuantParam, QuantParam], npt.NDArray[np.integer]]


@dataclass(slots=True, kw_only=True, eq=False)
class LookupParams(OperatorParams):
    """A function of one element, applied to each.

    Attributes:
        input_shape, output_shape: equal, as a rule; of as many elements in any case.
        input_dtype, output_dtype: of the elements.
        input_quant, output_quant: where they are quantised.
        table: where the input has 8 bits, the result for each of its values, from the least to the greatest: 256
            elements of ``output_dtype``. None where the input has other types, and the operator computes.
        lowest_input: where the function is not defined for all values of 8 bits, the least that it is defined for; see
            ``check_domain``.
        input, output, scratch: the buffers.
        cache: see :class:`ember_infer_core.KernelBackend`.
    """

    OPERANDS: ClassVar[tuple[Operand, ...]] = (Operand("input", Role.INPUT, None), Operand("output", Role.OUTPUT, None))

    input_shape: Shape
    output_shape: Shape
    input_dtype: DType = INT8
    output_dtype: DType = INT8
    input_quant: QuantParam = UNQUANTIZED
    output_quant: QuantParam = UNQUANTIZED
    table: AnyArray | None = None
    lowest_input: int | None = None
    input: AnyArray = field(default_factory=unbound_int8, repr=False)
    output: AnyArray = field(default_factory=unbound_int8, repr=False)

    @property
    @override
    def may_fail(self) -> bool:
        """See :class:`ember_infer_core.OperatorParams`."""
        return self.lowest_input is not None


class Prepare(Protocol):
    """Makes the parameters of a call."""

    def __call__(
        self,
        *,
        input_shape: Shape,
        output_shape: Shape,
        dtype: DType = ...,
        input_quant: QuantParam = ...,
        output_quant: QuantParam = ...,
    ) -> LookupParams:
        """From shapes and quantisation of the input and the output, and the type of the input."""
        raise NotImplementedError


def prepare_function(quantized: QuantizedFunction, made: type[LookupParams] = LookupParams) -> Prepare:
    """The ``prepare`` of an operator without attributes, of int8 by a table of ``quantized`` and of float32.

    Args:
        quantized: the function.
        made: the class of the parameters, where kernels somewhere need to know the function from them.

    It raises InvalidShape where the shapes contradict each other, and what ``quantized`` raises: ValueError where TFLM
    refuses the quantisation, or leaves undefined what it computes.
    """

    def prepare(
        *,
        input_shape: Shape,
        output_shape: Shape,
        dtype: DType = INT8,
        input_quant: QuantParam = UNQUANTIZED,
        output_quant: QuantParam = UNQUANTIZED,
    ) -> LookupParams:
        return made(**lookup_fields(quantized, input_shape, output_shape, dtype, input_quant, output_quant))

    return prepare


def lookup_fields(
    quantized: QuantizedFunction,
    input_shape: Shape,
    output_shape: Shape,
    dtype: DType,
    input_quant: QuantParam,
    output_quant: QuantParam,
) -> dict[str, Any]:
    """The fields of :class:`LookupParams` for a function whose input and output have the same type.

    The shapes may differ, as they may for TFLM, if they have as many elements.

    Raises:
        InvalidShape, ValueError: see :func:`prepare_function`.
    """
    if element_count(input_shape) != element_count(output_shape):
        check_same_shape(input_shape, output_shape)

    def clamped(values: Int64Array) -> AnyArray:
        return np.clip(quantized(values, input_quant, output_quant), INT8_MIN, INT8_MAX)

    return {
        "input_shape": input_shape,
        "output_shape": output_shape,
        "input_dtype": dtype,
        "output_dtype": dtype,
        "input_quant": input_quant,
        "output_quant": output_quant,
        "table": tabulated(clamped, dtype, dtype) if dtype == INT8 else None,
    }


def rescaled(x: IntLike, real_multiplier: float, zero_point: int = 0) -> Int64Array:
    """Int32 values times a real number, as TFLM multiplies them, plus a zero point; the sum wraps in int32.

    Raises:
        Undefined: the multiplier is 2**30 or more.
    """
    multiplier, shift = quantize_multiplier(real_multiplier)
    check_defined_shift(shift)
    return wrap_int32(multiply_by_quantized_multiplier(x, multiplier, shift) + zero_point)


def tabulated(function: Callable[[Int64Array], AnyArray], input_dtype: DType, output_dtype: DType) -> AnyArray:
    """The read-only table of a function of int64 values that an element of 8 bits can have."""
    lowest = -128 if input_dtype == INT8 else 0
    table = function(np.arange(lowest, lowest + 256, dtype=np.int64)).astype(output_dtype)
    table.flags.writeable = False
    return table


def check_domain(params: LookupParams) -> None:
    """Checks the input's content, before anything is written, where the function is not defined for all values.

    Raises:
        KernelError: a value is too low; TFLM stops with an error there.
    """
    lowest = params.lowest_input
    if lowest is not None and (params.input < lowest).any():
        raise KernelError(
            f"{type(params).__name__}: the input holds {params.input.min()}; the function is not defined below "
            f"{lowest}, and TensorFlow Lite Micro stops there too"
        )
