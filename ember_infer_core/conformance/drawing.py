"""Draws attributes and shapes from hypothesis, so that failures shrink to small calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st

from ember_infer_core.activation import CLAMPS, FusedActivation
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import DType, Int8Array, Shape

__all__ = ["CaseDrawer", "Draw"]

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

_VECTOR_DEPTHS = (4, 7, 8, 9, 15, 16, 17, 24, 32, 33)  # where vector code changes its way


class CaseDrawer:
    """Draws what shrinks well (shapes, attributes) from hypothesis, and contents from a generator with a drawn seed."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self.random: np.random.Generator = np.random.default_rng(self.integer(0, 2**32 - 1))

    def integer(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        value: int = self._draw(st.integers(low, high))
        return value

    def one_of(self, *choices: Any) -> Any:
        """One of these; the first is the simplest."""
        return self._draw(st.sampled_from(choices))

    def depth(self, high: int) -> int:
        """A number of channels: small, or about a vector's length."""
        vector = self.one_of(None, None, None, *_VECTOR_DEPTHS)
        return self.integer(1, high) if vector is None else int(vector)

    def shape(self, low: int = 1, high: int = 4) -> Shape:
        """A shape of a rank from ``low`` to ``high``; its innermost axis may be about a vector's length."""
        rank = self.integer(low, high)
        return (*(self.integer(1, 4) for _ in range(rank - 1)), self.depth(6)) if rank else ()

    def int8(self, *shape: int) -> Int8Array:
        """Random content."""
        return self.random.integers(-128, 128, shape, np.int8)

    def dtype(self, *names: str) -> DType:
        """One of these types; the first is the commonest."""
        name: str = self.one_of(names[0], names[0], *names)
        return np.dtype(name)

    def zero_point(self) -> int:
        """Any zero point of int8, the ends often."""
        drawn = self.one_of(-128, 0, 127, None)
        return self.integer(-128, 127) if drawn is None else int(drawn)

    def scale(self, low: int = -8, high: int = 0) -> float:
        """A scale between about ``2**low`` and ``2**high``, powers of two often, since they make ties."""
        real = 2.0 ** self.integer(low, high) * self.one_of(1.0, 1.0, 1.37, 0.83)
        return float(np.float32(real))

    def quant(self, low: int = -8, high: int = 0) -> QuantParam:
        """A quantisation of int8, its :meth:`scale` and any zero point."""
        return QuantParam(self.scale(low, high), self.zero_point())

    def activation(self) -> FusedActivation:
        """A fused activation that is a clamp, or none."""
        found: FusedActivation = self.one_of(*CLAMPS)
        return found
