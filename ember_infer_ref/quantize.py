"""QUANTIZE."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.ops.quantize import quantize_elements
from ember_infer_core.quantization import integer_range
from ember_infer_ref.byte_table import prepare_bytes
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.quantize import QuantizeParams

__all__ = ["quantize"]

# Up to here float32 adds a zero point without leaving int32; beyond int16 it may round, and all saturates.
_SURE = 2.0**30


def quantize(params: QuantizeParams) -> None:
    """QUANTIZE. Sources: TFLM ``reference_ops::AffineQuantize`` and ``reference_ops::Requantize``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.quantize", _prepare)


def _prepare(params: QuantizeParams) -> Step:
    if params.table is not None:
        return prepare_bytes(params)
    if params.input_dtype == np.float32:
        return _prepare_floats(params)
    return lambda: np.copyto(params.output, quantize_elements(params, params.input))


def _prepare_floats(params: QuantizeParams) -> Step:
    """In float32 and in place where every quotient is small enough, which is exact there and quick."""
    input_, output = params.input, params.output
    scale, zero_point = np.float32(params.output_quant.scale), np.float32(params.output_quant.zero_point)
    low, high = map(np.float32, integer_range(params.output_dtype))
    fraction, whole = np.empty_like(input_), np.empty_like(input_)

    def run() -> None:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            np.divide(input_, scale, out=fraction)
        np.trunc(fraction, out=whole)
        if not (whole.max() < _SURE and whole.min() > -_SURE):  # NaN included
            np.copyto(output, quantize_elements(params, input_))
            return
        # Half away from zero: what is left of a quotient counts as 1 from a half on.
        np.subtract(fraction, whole, out=fraction)
        np.add(fraction, fraction, out=fraction)
        np.trunc(fraction, out=fraction)
        np.add(whole, fraction, out=whole)
        np.add(whole, zero_point, out=whole)
        np.clip(whole, low, high, out=whole)
        np.copyto(output, whole, casting="unsafe")

    return run
