"""QUANTIZE, DEQUANTIZE and CAST: most of 8 bits by their table, of anything else as steps of ``convert.h``."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_native.kernels.broadcast import rows_take_borders
from ember_infer_native.kernels.float_rows import float_bits
from ember_infer_native.kernels.lookup import LOOKUP_KERNEL, lookup_operator, plan_table
from ember_infer_native.kernels.operator import NativeOperator
from ember_infer_native.kernels.rows import plan_rows
from ember_infer_native.plan import Kernel, Place, Step

if TYPE_CHECKING:
    from ember_infer_core.ops.lookup import LookupParams
    from ember_infer_core.ops.quantize import QuantizeParams
    from ember_infer_core.slots import DType
    from ember_infer_native.kernels.context import Context

__all__ = ["CAST", "DEQUANTIZE", "QUANTIZE"]

# In the order of convert.h.
_TYPES = ("int8", "int16", "int32", "float32", "bool", "uint8", "uint32")
_INT8, _INT16, _INT32 = 0, 1, 2
_CASTABLE = tuple(_TYPES.index(name) for name in ("int16", "int32", "float32", "bool", "uint32"))

_FLOATS = Kernel("quantize_floats", "convert", "quantize_floats", 2, ((_INT8,), (_INT16,)))
_INTEGERS = Kernel(
    "requantize_integers",
    "convert",
    "requantize_integers",
    2,
    tuple(itertools.product((_INT16, _INT32), (_INT8, _INT16, _INT32))),
)
_REALS = Kernel("dequantize_integers", "convert", "dequantize_integers", 2)
_REALS_OF_BYTES = Kernel("dequantize_bytes", "convert", "dequantize_bytes", 2)
_CAST = Kernel("cast", "convert", "cast", 2, tuple(itertools.product(_CASTABLE, (_INT8, *_CASTABLE))))


def _quantize(context: Context, params: QuantizeParams, input: Place, output: Place) -> list[Step]:
    zero = {"zero": params.output_quant.zero_point}
    pointers, types = (input.first, output.first), (_type(input.dtype), _type(output.dtype))
    if params.input_dtype == np.float32 and (types[1],) in _FLOATS.variants_on(context.target):
        scale = float_bits(params.output_quant.scale)
        return plan_rows(_FLOATS, types[1:], {**zero, "scale": scale}, {"input": input, "output": output})
    if types not in _INTEGERS.variants_on(context.target):
        raise _refusal("QUANTIZE", input, output)
    limits = np.iinfo(params.output_dtype.name)
    fields = {
        "count": _count(input),
        "multiplier": params.multiplier,
        "shift": params.shift,
        "input_zero": params.input_quant.zero_point,
        "low": int(limits.min),
        "high": int(limits.max),
    }
    return [Step(_INTEGERS, types, {**fields, **zero}, pointers)]


def _dequantize(context: Context, params: LookupParams, input: Place, output: Place) -> list[Step]:
    quant = params.input_quant
    if input.dtype == np.int8:
        scaling = {"scale": float_bits(quant.scale), "zero": quant.zero_point + context.target.bias}
        return plan_rows(_REALS_OF_BYTES, (), scaling, {"input": input, "output": output})
    if params.table is not None:
        return plan_table(context, params.table, input, output)
    if input.dtype != np.int16:
        raise _refusal("DEQUANTIZE", input, output)
    fields = {"count": _count(input), "scale": float_bits(quant.scale), "zero": quant.zero_point}
    return [Step(_REALS, (), fields, (input.first, output.first))]


def _cast(context: Context, params: LookupParams, input: Place, output: Place) -> list[Step]:
    types = _type(input.dtype), _type(output.dtype)
    if types not in _CAST.variants_on(context.target):
        raise _refusal("CAST", input, output)
    return [Step(_CAST, types, {"count": _count(input)}, (input.first, output.first))]


def _floats_take_borders(params: QuantizeParams) -> bool:
    return params.input_dtype == np.float32 and rows_take_borders(params.input_shape, params.output_shape)


def _bytes_take_borders(params: LookupParams) -> bool:
    return params.input_dtype.itemsize == 1 and rows_take_borders(params.input_shape, params.output_shape)


def _count(place: Place) -> int:
    return place.layout.size // place.dtype.itemsize


def _type(dtype: DType) -> int:
    return _TYPES.index(dtype.name) if dtype.name in _TYPES else -1


def _refusal(name: str, input: Place, output: Place) -> UnsupportedOperator:
    return UnsupportedOperator(f"{name}: no native kernel makes {output.dtype} of {input.dtype}")


CAST = lookup_operator(NativeOperator(_cast, (_CAST,)))
DEQUANTIZE = NativeOperator(_dequantize, (_REALS, _REALS_OF_BYTES, LOOKUP_KERNEL), _bytes_take_borders)
QUANTIZE = lookup_operator(NativeOperator(_quantize, (_FLOATS, _INTEGERS), _floats_take_borders))
