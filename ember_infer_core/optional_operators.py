"""The operators that a backend need not have, as typed methods: whoever has one overrides it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ember_infer_core.ops.add_n import AddNParams
    from ember_infer_core.ops.arg_max import ArgMaxParams
    from ember_infer_core.ops.batch_matmul import BatchMatMulParams
    from ember_infer_core.ops.circular_buffer import CircularBufferParams
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
    from ember_infer_core.ops.squared_difference import SquaredDifferenceParams
    from ember_infer_core.ops.sub import SubParams
    from ember_infer_core.ops.svdf import SvdfParams
    from ember_infer_core.ops.transpose_conv import TransposeConvParams
    from ember_infer_core.ops.unidirectional_sequence_lstm import LstmParams
    from ember_infer_core.slots import OperatorParams

__all__ = ["OptionalOperators"]


class OptionalOperators(ABC):
    """Every operator beyond the seven that a backend must have.

    Unless overridden, those of ``ember_infer_core.ops.DEFAULTS`` move their elements, and the others raise
    UnsupportedOperator.
    """

    @abstractmethod
    def run_not_overridden(self, operator: str, params: OperatorParams) -> None:
        """A call of an operator that the class does not override."""

    def abs(self, params: LookupParams) -> None:
        """ABS."""
        self.run_not_overridden("abs", params)

    def add_n(self, params: AddNParams) -> None:
        """ADD_N."""
        self.run_not_overridden("add_n", params)

    def arg_max(self, params: ArgMaxParams) -> None:
        """ARG_MAX."""
        self.run_not_overridden("arg_max", params)

    def arg_min(self, params: ArgMaxParams) -> None:
        """ARG_MIN."""
        self.run_not_overridden("arg_min", params)

    def batch_matmul(self, params: BatchMatMulParams) -> None:
        """BATCH_MATMUL, and FULLY_CONNECTED with computed weights."""
        self.run_not_overridden("batch_matmul", params)

    def batch_to_space_nd(self, params: MovementParams) -> None:
        """BATCH_TO_SPACE_ND."""
        self.run_not_overridden("batch_to_space_nd", params)

    def broadcast_to(self, params: MovementParams) -> None:
        """BROADCAST_TO."""
        self.run_not_overridden("broadcast_to", params)

    def cast(self, params: LookupParams) -> None:
        """CAST."""
        self.run_not_overridden("cast", params)

    def ceil(self, params: LookupParams) -> None:
        """CEIL."""
        self.run_not_overridden("ceil", params)

    def circular_buffer(self, params: CircularBufferParams) -> None:
        """The custom operator CIRCULAR_BUFFER."""
        self.run_not_overridden("circular_buffer", params)

    def concatenation(self, params: MovementParams) -> None:
        """CONCATENATION."""
        self.run_not_overridden("concatenation", params)

    def cos(self, params: LookupParams) -> None:
        """COS."""
        self.run_not_overridden("cos", params)

    def cumsum(self, params: CumsumParams) -> None:
        """CUMSUM."""
        self.run_not_overridden("cumsum", params)

    def depth_to_space(self, params: MovementParams) -> None:
        """DEPTH_TO_SPACE."""
        self.run_not_overridden("depth_to_space", params)

    def dequantize(self, params: LookupParams) -> None:
        """DEQUANTIZE."""
        self.run_not_overridden("dequantize", params)

    def div(self, params: DivParams) -> None:
        """DIV."""
        self.run_not_overridden("div", params)

    def dynamic_update_slice(self, params: MovementParams) -> None:
        """DYNAMIC_UPDATE_SLICE."""
        self.run_not_overridden("dynamic_update_slice", params)

    def elu(self, params: LookupParams) -> None:
        """ELU."""
        self.run_not_overridden("elu", params)

    def equal(self, params: ComparisonParams) -> None:
        """EQUAL."""
        self.run_not_overridden("equal", params)

    def exp(self, params: LookupParams) -> None:
        """EXP."""
        self.run_not_overridden("exp", params)

    def fill(self, params: MovementParams) -> None:
        """FILL."""
        self.run_not_overridden("fill", params)

    def floor(self, params: LookupParams) -> None:
        """FLOOR."""
        self.run_not_overridden("floor", params)

    def floor_div(self, params: FloorDivParams) -> None:
        """FLOOR_DIV."""
        self.run_not_overridden("floor_div", params)

    def floor_mod(self, params: FloorModParams) -> None:
        """FLOOR_MOD."""
        self.run_not_overridden("floor_mod", params)

    def gather(self, params: GatherParams) -> None:
        """GATHER."""
        self.run_not_overridden("gather", params)

    def gather_nd(self, params: GatherNdParams) -> None:
        """GATHER_ND."""
        self.run_not_overridden("gather_nd", params)

    def greater(self, params: ComparisonParams) -> None:
        """GREATER."""
        self.run_not_overridden("greater", params)

    def greater_equal(self, params: ComparisonParams) -> None:
        """GREATER_EQUAL."""
        self.run_not_overridden("greater_equal", params)

    def hard_swish(self, params: LookupParams) -> None:
        """HARD_SWISH."""
        self.run_not_overridden("hard_swish", params)

    def l2_normalization(self, params: L2NormalizationParams) -> None:
        """L2_NORMALIZATION."""
        self.run_not_overridden("l2_normalization", params)

    def leaky_relu(self, params: LeakyReluParams) -> None:
        """LEAKY_RELU."""
        self.run_not_overridden("leaky_relu", params)

    def less(self, params: ComparisonParams) -> None:
        """LESS."""
        self.run_not_overridden("less", params)

    def less_equal(self, params: ComparisonParams) -> None:
        """LESS_EQUAL."""
        self.run_not_overridden("less_equal", params)

    def log(self, params: LookupParams) -> None:
        """LOG."""
        self.run_not_overridden("log", params)

    def log_softmax(self, params: LogSoftmaxParams) -> None:
        """LOG_SOFTMAX."""
        self.run_not_overridden("log_softmax", params)

    def logical_and(self, params: LogicalParams) -> None:
        """LOGICAL_AND."""
        self.run_not_overridden("logical_and", params)

    def logical_not(self, params: LookupParams) -> None:
        """LOGICAL_NOT."""
        self.run_not_overridden("logical_not", params)

    def logical_or(self, params: LogicalParams) -> None:
        """LOGICAL_OR."""
        self.run_not_overridden("logical_or", params)

    def logistic(self, params: LookupParams) -> None:
        """LOGISTIC."""
        self.run_not_overridden("logistic", params)

    def maximum(self, params: MaximumMinimumParams) -> None:
        """MAXIMUM."""
        self.run_not_overridden("maximum", params)

    def mean(self, params: MeanParams) -> None:
        """MEAN."""
        self.run_not_overridden("mean", params)

    def minimum(self, params: MaximumMinimumParams) -> None:
        """MINIMUM."""
        self.run_not_overridden("minimum", params)

    def mirror_pad(self, params: MovementParams) -> None:
        """MIRROR_PAD."""
        self.run_not_overridden("mirror_pad", params)

    def mul(self, params: MulParams) -> None:
        """MUL."""
        self.run_not_overridden("mul", params)

    def neg(self, params: LookupParams) -> None:
        """NEG."""
        self.run_not_overridden("neg", params)

    def not_equal(self, params: ComparisonParams) -> None:
        """NOT_EQUAL."""
        self.run_not_overridden("not_equal", params)

    def pack(self, params: MovementParams) -> None:
        """PACK."""
        self.run_not_overridden("pack", params)

    def pad(self, params: MovementParams) -> None:
        """PAD."""
        self.run_not_overridden("pad", params)

    def padv2(self, params: MovementParams) -> None:
        """PADV2."""
        self.run_not_overridden("padv2", params)

    def prelu(self, params: PreluParams) -> None:
        """PRELU."""
        self.run_not_overridden("prelu", params)

    def quantize(self, params: QuantizeParams) -> None:
        """QUANTIZE."""
        self.run_not_overridden("quantize", params)

    def reduce_all(self, params: ReductionParams) -> None:
        """REDUCE_ALL."""
        self.run_not_overridden("reduce_all", params)

    def reduce_max(self, params: ReductionParams) -> None:
        """REDUCE_MAX."""
        self.run_not_overridden("reduce_max", params)

    def reduce_min(self, params: ReductionParams) -> None:
        """REDUCE_MIN."""
        self.run_not_overridden("reduce_min", params)

    def relu(self, params: LookupParams) -> None:
        """RELU."""
        self.run_not_overridden("relu", params)

    def relu6(self, params: LookupParams) -> None:
        """RELU6."""
        self.run_not_overridden("relu6", params)

    def reshape(self, params: ReshapeParams) -> None:
        """RESHAPE where an alias will not do; unless overridden, copies the elements in order."""
        self.run_not_overridden("reshape", params)

    def resize_bilinear(self, params: ResizeBilinearParams) -> None:
        """RESIZE_BILINEAR."""
        self.run_not_overridden("resize_bilinear", params)

    def resize_nearest_neighbor(self, params: ResizeNearestNeighborParams) -> None:
        """RESIZE_NEAREST_NEIGHBOR."""
        self.run_not_overridden("resize_nearest_neighbor", params)

    def reverse_v2(self, params: MovementParams) -> None:
        """REVERSE_V2."""
        self.run_not_overridden("reverse_v2", params)

    def round(self, params: LookupParams) -> None:
        """ROUND."""
        self.run_not_overridden("round", params)

    def rsqrt(self, params: LookupParams) -> None:
        """RSQRT."""
        self.run_not_overridden("rsqrt", params)

    def select_v2(self, params: SelectParams) -> None:
        """SELECT_V2."""
        self.run_not_overridden("select_v2", params)

    def sin(self, params: LookupParams) -> None:
        """SIN."""
        self.run_not_overridden("sin", params)

    def slice(self, params: MovementParams) -> None:
        """SLICE."""
        self.run_not_overridden("slice", params)

    def space_to_batch_nd(self, params: MovementParams) -> None:
        """SPACE_TO_BATCH_ND."""
        self.run_not_overridden("space_to_batch_nd", params)

    def space_to_depth(self, params: MovementParams) -> None:
        """SPACE_TO_DEPTH."""
        self.run_not_overridden("space_to_depth", params)

    def split(self, params: MovementParams) -> None:
        """SPLIT."""
        self.run_not_overridden("split", params)

    def split_v(self, params: MovementParams) -> None:
        """SPLIT_V."""
        self.run_not_overridden("split_v", params)

    def sqrt(self, params: LookupParams) -> None:
        """SQRT."""
        self.run_not_overridden("sqrt", params)

    def square(self, params: LookupParams) -> None:
        """SQUARE."""
        self.run_not_overridden("square", params)

    def squared_difference(self, params: SquaredDifferenceParams) -> None:
        """SQUARED_DIFFERENCE."""
        self.run_not_overridden("squared_difference", params)

    def strided_slice(self, params: MovementParams) -> None:
        """STRIDED_SLICE."""
        self.run_not_overridden("strided_slice", params)

    def sub(self, params: SubParams) -> None:
        """SUB."""
        self.run_not_overridden("sub", params)

    def sum(self, params: MeanParams) -> None:
        """SUM."""
        self.run_not_overridden("sum", params)

    def svdf(self, params: SvdfParams) -> None:
        """SVDF."""
        self.run_not_overridden("svdf", params)

    def tanh(self, params: LookupParams) -> None:
        """TANH."""
        self.run_not_overridden("tanh", params)

    def transpose(self, params: MovementParams) -> None:
        """TRANSPOSE."""
        self.run_not_overridden("transpose", params)

    def transpose_conv(self, params: TransposeConvParams) -> None:
        """TRANSPOSE_CONV."""
        self.run_not_overridden("transpose_conv", params)

    def unidirectional_sequence_lstm(self, params: LstmParams) -> None:
        """UNIDIRECTIONAL_SEQUENCE_LSTM: reads and writes ``params.hidden_state`` and ``params.cell_state``."""
        self.run_not_overridden("unidirectional_sequence_lstm", params)

    def unpack(self, params: MovementParams) -> None:
        """UNPACK."""
        self.run_not_overridden("unpack", params)

    def zeros_like(self, params: MovementParams) -> None:
        """ZEROS_LIKE."""
        self.run_not_overridden("zeros_like", params)
