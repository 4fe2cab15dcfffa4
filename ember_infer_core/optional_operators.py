"""The operators that a backend need not have, as typed methods: whoever has one overrides it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ember_infer_core.ops.lookup import LookupParams
    from ember_infer_core.ops.maximum_minimum import MaximumMinimumParams
    from ember_infer_core.ops.mul import MulParams
    from ember_infer_core.ops.quantize import QuantizeParams
    from ember_infer_core.ops.reshape import ReshapeParams
    from ember_infer_core.ops.sub import SubParams
    from ember_infer_core.slots import OperatorParams

__all__ = ["OptionalOperators"]


class OptionalOperators(ABC):
    """Every operator beyond the seven that a backend must have. Unless overridden, each raises UnsupportedOperator."""

    @abstractmethod
    def without(self, operator: str, params: OperatorParams) -> None:
        """A call of an operator that the class does not override."""

    def cast(self, params: LookupParams) -> None:
        """CAST."""
        self.without("cast", params)

    def dequantize(self, params: LookupParams) -> None:
        """DEQUANTIZE."""
        self.without("dequantize", params)

    def maximum(self, params: MaximumMinimumParams) -> None:
        """MAXIMUM."""
        self.without("maximum", params)

    def minimum(self, params: MaximumMinimumParams) -> None:
        """MINIMUM."""
        self.without("minimum", params)

    def mul(self, params: MulParams) -> None:
        """MUL."""
        self.without("mul", params)

    def quantize(self, params: QuantizeParams) -> None:
        """QUANTIZE."""
        self.without("quantize", params)

    def reshape(self, params: ReshapeParams) -> None:
        """RESHAPE where an alias will not do; unless overridden, copies the elements in order."""
        self.without("reshape", params)

    def sub(self, params: SubParams) -> None:
        """SUB."""
        self.without("sub", params)
