"""DEQUANTIZE."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ember_infer_core.quantization import dequantize as real_values
from ember_infer_ref.byte_table import prepare_bytes
from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.lookup import LookupParams

__all__ = ["dequantize"]


def dequantize(params: LookupParams) -> None:
    """DEQUANTIZE. Source: TFLM ``reference_ops::Dequantize``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.dequantize", _prepare)


def _prepare(params: LookupParams) -> Step:
    if params.table is not None:
        return prepare_bytes(params)
    return lambda: np.copyto(params.output, real_values(params.input, params.input_quant))
