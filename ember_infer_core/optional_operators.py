"""The operators that a backend need not have, as typed methods: whoever has one overrides it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ember_infer_core.ops.leaky_relu import LeakyReluParams
    from ember_infer_core.ops.lookup import LookupParams
    from ember_infer_core.ops.movement import MovementParams
    from ember_infer_core.ops.mul import MulParams
    from ember_infer_core.ops.quantize import QuantizeParams
    from ember_infer_core.ops.mean import MeanParams
    from ember_infer_core.ops.mul import MulParams
    from ember_infer_core.ops.reduction import ReductionParams
    from ember_infer_core.ops.reshape import ReshapeParams
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

    def concatenation(self, params: MovementParams) -> None:
        """CONCATENATION."""
        self.without("concatenation", params)

    def dequantize(self, params: LookupParams) -> None:
        """DEQUANTIZE."""
        self.without("dequantize", params)

    def hard_swish(self, params: LookupParams) -> None:
        """HARD_SWISH."""
        self.without("hard_swish", params)

    def leaky_relu(self, params: LeakyReluParams) -> None:
        """LEAKY_RELU."""
        self.without("leaky_relu", params)

    def logistic(self, params: LookupParams) -> None:
        """LOGISTIC."""
        self.without("logistic", params)
    def mean(self, params: MeanParams) -> None:
        """MEAN."""
        self.without("mean", params)

    def mul(self, params: MulParams) -> None:
        """MUL."""
        self.without("mul", params)

    def pad(self, params: MovementParams) -> None:
        """PAD."""
        self.without("pad", params)

    def padv2(self, params: MovementParams) -> None:
        """PADV2."""
        self.without("padv2", params)

    def quantize(self, params: QuantizeParams) -> None:
        """QUANTIZE."""
        self.without("quantize", params)

    def relu(self, params: LookupParams) -> None:
        """RELU."""
        self.without("relu", params)

    def relu6(self, params: LookupParams) -> None:
        """RELU6."""
        self.without("relu6", params)
    def reduce_all(self, params: ReductionParams) -> None:
        """REDUCE_ALL."""
        self.without("reduce_all", params)

    def reduce_max(self, params: ReductionParams) -> None:
        """REDUCE_MAX."""
        self.without("reduce_max", params)

    def reduce_min(self, params: ReductionParams) -> None:
        """REDUCE_MIN."""
        self.without("reduce_min", params)

    def reshape(self, params: ReshapeParams) -> None:
        """RESHAPE where an alias will not do; unless overridden, copies the elements in order."""
        self.without("reshape", params)

    def split(self, params: MovementParams) -> None:
        """SPLIT."""
        self.without("split", params)

    def split_v(self, params: MovementParams) -> None:
        """SPLIT_V."""
        self.without("split_v", params)

    def strided_slice(self, params: MovementParams) -> None:
        """STRIDED_SLICE."""
        self.without("strided_slice", params)

    def tanh(self, params: LookupParams) -> None:
        """TANH."""
        self.without("tanh", params)

    def transpose(self, params: MovementParams) -> None:
        """TRANSPOSE."""
        self.without("transpose", params)
    def sum(self, params: MeanParams) -> None:
        """SUM."""
        self.without("sum", params)
