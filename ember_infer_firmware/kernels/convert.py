"""QUANTIZE, DEQUANTIZE and CAST: from 8 bits to 8 bits by their table, all else as calls of ``convert.h``."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.ops.common import element_count
from ember_infer_firmware.kernels.lookup import LOOKUP, lookup_step
from ember_infer_firmware.step import Kernel, Place, Step, Value

if TYPE_CHECKING:
    from ember_infer_core.ops.lookup import LookupParams
    from ember_infer_core.ops.quantize import QuantizeParams
    from ember_infer_firmware.context import Context

__all__ = ["KERNELS", "plan_cast", "plan_dequantize", "plan_quantize"]

_INTEGERS = ("int8", "int16", "int32")
_QUANTIZE = {name: Kernel(f"quantize_{name}", "convert", 2, struct="quantize") for name in ("int8", "int16")}
_DEQUANTIZE = {
    name: Kernel(f"dequantize_{name}", "convert", 2, struct="dequantize") for name in ("int8", "uint8", "int16")
}
_REQUANTIZE = {
    (before, after): Kernel(f"requantize_{before}_{after}", "convert", 2, struct="requantize")
    for before, after in itertools.product(_INTEGERS, _INTEGERS)
    if (before, after) != ("int8", "int8")
}
_CAST = {
    (before, after): Kernel(f"cast_{before}_{after}", "convert", 2, struct="cast")
    for before, after in itertools.product((*_INTEGERS, "uint32", "float32", "bool"), repeat=2)
}
KERNELS: tuple[Kernel, ...] = (
    LOOKUP,
    *_QUANTIZE.values(),
    *_DEQUANTIZE.values(),
    *_REQUANTIZE.values(),
    *_CAST.values(),
)


def plan_quantize(context: Context, params: QuantizeParams, input: Place, output: Place) -> list[Step]:
    """From real values, or with a new scale."""
    if params.table is not None and output.dtype.itemsize == 1:
        return [lookup_step(context, params.table, input, output)]
    zero_point = params.output_quant.zero_point
    if input.dtype == np.float32:
        scale = float(np.float32(params.output_quant.scale))
        return [_step(_QUANTIZE.get(output.dtype.name), input, output, scale=scale, zero_point=zero_point)]
    kernel = _REQUANTIZE.get((input.dtype.name, output.dtype.name))
    fields = {"multiplier": params.multiplier, "shift": params.shift, "zero_point": zero_point}
    return [_step(kernel, input, output, input_zero_point=params.input_quant.zero_point, **fields)]


def plan_dequantize(context: Context, params: LookupParams, input: Place, output: Place) -> list[Step]:
    """To real values: of 8 bits too, because a table of floats is 1 kB."""
    quant = params.input_quant
    scale = float(np.float32(quant.scale))
    return [_step(_DEQUANTIZE.get(input.dtype.name), input, output, scale=scale, zero_point=quant.zero_point)]


def plan_cast(context: Context, params: LookupParams, input: Place, output: Place) -> list[Step]:
    """To the same numbers, or what is near."""
    return [_step(_CAST.get((input.dtype.name, output.dtype.name)), input, output)]


def _step(kernel: Kernel | None, input: Place, output: Place, **fields: Value) -> Step:
    if kernel is None:
        raise UnsupportedOperator(f"no kernel converts {input.dtype} to {output.dtype}")
    return Step(kernel, {"count": element_count(input.shape), **fields}, (input, output))
