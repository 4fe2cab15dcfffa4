"""MUL, by the table of all pairs."""

from __future__ import annotations

from ember_infer_core.ops.mul import mul_elements
from ember_infer_native.kernels.pairs import pair_operator

__all__ = ["MUL"]

MUL = pair_operator(mul_elements)
