"""The operators that a backend need not have, as typed methods: whoever has one overrides it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ember_infer_core.ops.add_n import AddNParams
    from ember_infer_core.ops.arg_max import ArgMaxParams
    from ember_infer_core.ops.batch_matmul import BatchMatMulParams
    from ember_infer_core.ops.comparisons import ComparisonParams
    from ember_infer_core.ops.cumsum import CumsumParams
    from ember_infer_core.ops.div import DivParams, FloorDivParams, FloorModParams
    from ember_infer_core.ops.gather import GatherNdParams, GatherParams
    from ember_infer_core.ops.l2_normalization import L2NormalizationParams
    from ember_infer_core.ops.leaky_relu import LeakyReluParams
    from ember_infer_core.ops.log_softmax import LogSoftmaxParams
    from ember_infer_core.ops.logical import LogicalParams
    from ember_infer_core.ops.lookup import LookupParams
    from ember_infer_core.ops.maximum_minimum import MaximumMinimumParams
    from ember_infer_core.ops.mean import MeanParams
    from ember_infer_core.ops.movement import MovementParams
    from ember_infer_core.ops.mul import MulParams
    from ember_infer_core.ops.prelu import PreluParams
    from ember_infer_core.ops.quantize import QuantizeParams
    from ember_infer_core.ops.reduction import ReductionParams
    from ember_infer_core.ops.reshape import ReshapeParams
    from ember_infer_core.ops.resize_bilinear import ResizeBilinearParams
    from ember_infer_core.ops.resize_nearest_neighbor import ResizeNearestNeighborParams
    from ember_infer_core.ops.select_v2 import SelectParams
    from ember_infer_core.ops.softmax import SoftmaxParams
    from ember_infer_core.ops.squared_difference import SquaredDifferenceParams
    from ember_infer_core.ops.sub import SubParams
    from ember_infer_core.ops.transpose_conv import TransposeConvParams
    from ember_infer_core.slots import OperatorParams

__all__ = ["OptionalOperators"]


class OptionalOperators(ABC):
    """Every operator beyond the seven that a backend must have. Unless overridden, each raises UnsupportedOperator."""

    @abstractmethod
    def without(self, operator: str, params: OperatorParams) -> None:
        """A call of an operator that the class does not override."""

    def abs(self, params: LookupParams) -> None:
        """ABS."""
        self.without("abs", params)

    def add_n(self, params: AddNParams) -> None:
        """ADD_N."""
        self.without("add_n", params)

    def arg_max(self, params: ArgMaxParams) -> None:
        """ARG_MAX."""
        self.without("arg_max", params)

    def arg_min(self, params: ArgMaxParams) -> None:
        """ARG_MIN."""
        self.without("arg_min", params)

    def batch_matmul(self, params: BatchMatMulParams) -> None:
        """BATCH_MATMUL, and FULLY_CONNECTED with computed weights."""
        self.without("batch_matmul", params)

    def batch_to_space_nd(self, params: MovementParams) -> None:
        """BATCH_TO_SPACE_ND."""
        self.without("batch_to_space_nd", params)

    def broadcast_to(self, params: MovementParams) -> None:
        """BROADCAST_TO."""
        self.without("broadcast_to", params)

    def cast(self, params: LookupParams) -> None:
        """CAST."""
        self.without("cast", params)

    def ceil(self, params: LookupParams) -> None:
        """CEIL."""
        self.without("ceil", params)

    def concatenation(self, params: MovementParams) -> None:
        """CONCATENATION."""
        self.without("concatenation", params)

    def cos(self, params: LookupParams) -> None:
        """COS."""
        self.without("cos", params)

    def cumsum(self, params: CumsumParams) -> None:
        """CUMSUM."""
        self.without("cumsum", params)

    def depth_to_space(self, params: MovementParams) -> None:
        """DEPTH_TO_SPACE."""
        self.without("depth_to_space", params)

    def dequantize(self, params: LookupParams) -> None:
        """DEQUANTIZE."""
        self.without("dequantize", params)

    def div(self, params: DivParams) -> None:
        """DIV."""
        self.without("div", params)

    def dynamic_update_slice(self, params: MovementParams) -> None:
        """DYNAMIC_UPDATE_SLICE."""
        self.without("dynamic_update_slice", params)

    def elu(self, params: LookupParams) -> None:
        """ELU."""
        self.without("elu", params)

    def equal(self, params: ComparisonParams) -> None:
        """EQUAL."""
        self.without("equal", params)

    def exp(self, params: LookupParams) -> None:
        """EXP."""
        self.without("exp", params)

    def fill(self, params: MovementParams) -> None:
        """FILL."""
        self.without("fill", params)

    def floor(self, params: LookupParams) -> None:
        """FLOOR."""
        self.without("floor", params)

    def floor_div(self, params: FloorDivParams) -> None:
        """FLOOR_DIV."""
        self.without("floor_div", params)

    def floor_mod(self, params: FloorModParams) -> None:
        """FLOOR_MOD."""
        self.without("floor_mod", params)

    def gather(self, params: GatherParams) -> None:
        """GATHER."""
        self.without("gather", params)

    def gather_nd(self, params: GatherNdParams) -> None:
        """GATHER_ND."""
        self.without("gather_nd", params)

    def greater(self, params: ComparisonParams) -> None:
        """GREATER."""
        self.without("greater", params)

    def greater_equal(self, params: ComparisonParams) -> None:
        """GREATER_EQUAL."""
        self.without("greater_equal", params)

    def hard_swish(self, params: LookupParams) -> None:
        """HARD_SWISH."""
        self.without("hard_swish", params)

    def l2_normalization(self, params: L2NormalizationParams) -> None:
        """L2_NORMALIZATION."""
        self.without("l2_normalization", params)

    def leaky_relu(self, params: LeakyReluParams) -> None:
        """LEAKY_RELU."""
        self.without("leaky_relu", params)

    def less(self, params: ComparisonParams) -> None:
        """LESS."""
        self.without("less", params)

    def less_equal(self, params: ComparisonParams) -> None:
        """LESS_EQUAL."""
        self.without("less_equal", params)

    def log(self, params: LookupParams) -> None:
        """LOG."""
        self.without("log", params)

    def log_softmax(self, params: LogSoftmaxParams) -> None:
        """LOG_SOFTMAX."""
        self.without("log_softmax", params)

    def logical_and(self, params: LogicalParams) -> None:
        """LOGICAL_AND."""
        self.without("logical_and", params)

    def logical_not(self, params: LookupParams) -> None:
        """LOGICAL_NOT."""
        self.without("logical_not", params)

    def logical_or(self, params: LogicalParams) -> None:
        """LOGICAL_OR."""
        self.without("logical_or", params)

    def logistic(self, params: LookupParams) -> None:
        """LOGISTIC."""
        self.without("logistic", params)

    def maximum(self, params: MaximumMinimumParams) -> None:
        """MAXIMUM."""
        self.without("maximum", params)

    def mean(self, params: MeanParams) -> None:
        """MEAN."""
        self.without("mean", params)

    def minimum(self, params: MaximumMinimumParams) -> None:
        """MINIMUM."""
        self.without("minimum", params)

    def mirror_pad(self, params: MovementParams) -> None:
        """MIRROR_PAD."""
        self.without("mirror_pad", params)

    def mul(self, params: MulParams) -> None:
        """MUL."""
        self.without("mul", params)

    def neg(self, params: LookupParams) -> None:
        """NEG."""
        self.without("neg", params)

    def not_equal(self, params: ComparisonParams) -> None:
        """NOT_EQUAL."""
        self.without("not_equal", params)

    def pack(self, params: MovementParams) -> None:
        """PACK."""
        self.without("pack", params)

    def pad(self, params: MovementParams) -> None:
        """PAD."""
        self.without("pad", params)

    def padv2(self, params: MovementParams) -> None:
        """PADV2."""
        self.without("padv2", params)

    def prelu(self, params: PreluParams) -> None:
        """PRELU."""
        self.without("prelu", params)

    def quantize(self, params: QuantizeParams) -> None:
        """QUANTIZE."""
        self.without("quantize", params)

    def reduce_all(self, params: ReductionParams) -> None:
        """REDUCE_ALL."""
        self.without("reduce_all", params)

    def reduce_max(self, params: ReductionParams) -> None:
        """REDUCE_MAX."""
        self.without("reduce_max", params)

    def reduce_min(self, params: ReductionParams) -> None:
        """REDUCE_MIN."""
        self.without("reduce_min", params)

    def relu(self, params: LookupParams) -> None:
        """RELU."""
        self.without("relu", params)

    def relu6(self, params: LookupParams) -> None:
        """RELU6."""
        self.without("relu6", params)

    def reshape(self, params: ReshapeParams) -> None:
        """RESHAPE where an alias will not do; unless overridden, copies the elements in order."""
        self.without("reshape", params)

    def resize_bilinear(self, params: ResizeBilinearParams) -> None:
        """RESIZE_BILINEAR."""
        self.without("resize_bilinear", params)

    def resize_nearest_neighbor(self, params: ResizeNearestNeighborParams) -> None:
        """RESIZE_NEAREST_NEIGHBOR."""
        self.without("resize_nearest_neighbor", params)

    def reverse_v2(self, params: MovementParams) -> None:
        """REVERSE_V2."""
        self.without("reverse_v2", params)

    def round(self, params: LookupParams) -> None:
        """ROUND."""
        self.without("round", params)

    def rsqrt(self, params: LookupParams) -> None:
        """RSQRT."""
        self.without("rsqrt", params)

    def select_v2(self, params: SelectParams) -> None:
        """SELECT_V2."""
        self.without("select_v2", params)

    def sin(self, params: LookupParams) -> None:
        """SIN."""
        self.without("sin", params)

    def slice(self, params: MovementParams) -> None:
        """SLICE."""
        self.without("slice", params)

    def softmax_float32(self, params: SoftmaxParams) -> None:
        """SOFTMAX of float32."""
        self.without("softmax_float32", params)

    def softmax_int16(self, params: SoftmaxParams) -> None:
        """SOFTMAX from int8 to int16."""
        self.without("softmax_int16", params)

    def space_to_batch_nd(self, params: MovementParams) -> None:
        """SPACE_TO_BATCH_ND."""
        self.without("space_to_batch_nd", params)

    def space_to_depth(self, params: MovementParams) -> None:
        """SPACE_TO_DEPTH."""
        self.without("space_to_depth", params)

    def split(self, params: MovementParams) -> None:
        """SPLIT."""
        self.without("split", params)

    def split_v(self, params: MovementParams) -> None:
        """SPLIT_V."""
        self.without("split_v", params)

    def sqrt(self, params: LookupParams) -> None:
        """SQRT."""
        self.without("sqrt", params)

    def square(self, params: LookupParams) -> None:
        """SQUARE."""
        self.without("square", params)

    def squared_difference(self, params: SquaredDifferenceParams) -> None:
        """SQUARED_DIFFERENCE."""
        self.without("squared_difference", params)

    def strided_slice(self, params: MovementParams) -> None:
        """STRIDED_SLICE."""
        self.without("strided_slice", params)

    def sub(self, params: SubParams) -> None:
        """SUB."""
        self.without("sub", params)

    def sum(self, params: MeanParams) -> None:
        """SUM."""
        self.without("sum", params)

    def tanh(self, params: LookupParams) -> None:
        """TANH."""
        self.without("tanh", params)

    def transpose(self, params: MovementParams) -> None:
        """TRANSPOSE."""
        self.without("transpose", params)

    def transpose_conv(self, params: TransposeConvParams) -> None:
        """TRANSPOSE_CONV."""
        self.without("transpose_conv", params)

    def unpack(self, params: MovementParams) -> None:
        """UNPACK."""
        self.without("unpack", params)

    def zeros_like(self, params: MovementParams) -> None:
        """ZEROS_LIKE."""
        self.without("zeros_like", params)
