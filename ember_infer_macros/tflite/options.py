"""Options of operators, as the TensorFlow Lite schema lays them out: numbers and field order are upstream's.

A test holds every table to the official schema. Fields that upstream adds at the end need not be here. A new operator
adds its options to this file.
"""

from __future__ import annotations

from dataclasses import dataclass

from ember_infer_macros.tflite.flatbuffer import boolean, scalar, string, unread, vector


@dataclass(eq=False, repr=False)
class Conv2DOptions:
    """Options of CONV_2D."""

    padding: int = scalar("int8")
    stride_w: int = scalar("int32")
    stride_h: int = scalar("int32")
    fused_activation_function: int = scalar("int8")
    dilation_w_factor: int = scalar("int32", 1)
    dilation_h_factor: int = scalar("int32", 1)
    quantized_bias_type: int = scalar("int8")


@dataclass(eq=False, repr=False)
class DepthwiseConv2DOptions:
    """Options of DEPTHWISE_CONV_2D."""

    padding: int = scalar("int8")
    stride_w: int = scalar("int32")
    stride_h: int = scalar("int32")
    depth_multiplier: int = scalar("int32")
    fused_activation_function: int = scalar("int8")
    dilation_w_factor: int = scalar("int32", 1)
    dilation_h_factor: int = scalar("int32", 1)


@dataclass(eq=False, repr=False)
class Pool2DOptions:
    """Options of AVERAGE_POOL_2D and MAX_POOL_2D."""

    padding: int = scalar("int8")
    stride_w: int = scalar("int32")
    stride_h: int = scalar("int32")
    filter_width: int = scalar("int32")
    filter_height: int = scalar("int32")
    fused_activation_function: int = scalar("int8")


@dataclass(eq=False, repr=False)
class SVDFOptions:
    """Options of SVDF."""

    rank: int = scalar("int32")
    fused_activation_function: int = scalar("int8")
    asymmetric_quantize_inputs: bool = boolean()


@dataclass(eq=False, repr=False)
class FullyConnectedOptions:
    """Options of FULLY_CONNECTED."""

    fused_activation_function: int = scalar("int8")
    weights_format: int = scalar("int8")
    keep_num_dims: bool = boolean()
    asymmetric_quantize_inputs: bool = boolean()
    quantized_bias_type: int = scalar("int8")


@dataclass(eq=False, repr=False)
class SoftmaxOptions:
    """Options of SOFTMAX."""

    beta: float = scalar("float32")


@dataclass(eq=False, repr=False)
class ConcatenationOptions:
    """Options of CONCATENATION."""

    axis: int = scalar("int32")
    fused_activation_function: int = scalar("int8")


@dataclass(eq=False, repr=False)
class AddOptions:
    """Options of ADD."""

    fused_activation_function: int = scalar("int8")
    pot_scale_int16: bool = boolean(True)


@dataclass(eq=False, repr=False)
class L2NormOptions:
    """Options of L2_NORMALIZATION."""

    fused_activation_function: int = scalar("int8")


@dataclass(eq=False, repr=False)
class ResizeBilinearOptions:
    """Options of RESIZE_BILINEAR."""

    new_height: object = unread()
    new_width: object = unread()
    align_corners: bool = boolean()
    half_pixel_centers: bool = boolean()


@dataclass(eq=False, repr=False)
class ReshapeOptions:
    """Options of RESHAPE."""

    new_shape: tuple[int, ...] | None = vector("int32")


@dataclass(eq=False, repr=False)
class SpaceToDepthOptions:
    """Options of SPACE_TO_DEPTH."""

    block_size: int = scalar("int32")


@dataclass(eq=False, repr=False)
class MulOptions:
    """Options of MUL."""

    fused_activation_function: int = scalar("int8")


@dataclass(eq=False, repr=False)
class GatherOptions:
    """Options of GATHER."""

    axis: int = scalar("int32")
    batch_dims: int = scalar("int32")


@dataclass(eq=False, repr=False)
class ReducerOptions:
    """Options of MEAN, SUM, REDUCE_MAX and REDUCE_MIN."""

    keep_dims: bool = boolean()


@dataclass(eq=False, repr=False)
class SubOptions:
    """Options of SUB."""

    fused_activation_function: int = scalar("int8")
    pot_scale_int16: bool = boolean(True)


@dataclass(eq=False, repr=False)
class DivOptions:
    """Options of DIV."""

    fused_activation_function: int = scalar("int8")


@dataclass(eq=False, repr=False)
class SqueezeOptions:
    """Options of SQUEEZE."""

    squeeze_dims: tuple[int, ...] | None = vector("int32")


@dataclass(eq=False, repr=False)
class StridedSliceOptions:
    """Options of STRIDED_SLICE."""

    begin_mask: int = scalar("int32")
    end_mask: int = scalar("int32")
    ellipsis_mask: int = scalar("int32")
    new_axis_mask: int = scalar("int32")
    shrink_axis_mask: int = scalar("int32")
    offset: bool = boolean()


@dataclass(eq=False, repr=False)
class SplitOptions:
    """Options of SPLIT."""

    num_splits: int = scalar("int32")


@dataclass(eq=False, repr=False)
class CastOptions:
    """Options of CAST."""

    in_data_type: int = scalar("int8")
    out_data_type: int = scalar("int8")


@dataclass(eq=False, repr=False)
class ArgMaxOptions:
    """Options of ARG_MAX."""

    output_type: int = scalar("int8")


@dataclass(eq=False, repr=False)
class TransposeConvOptions:
    """Options of TRANSPOSE_CONV."""

    padding: int = scalar("int8")
    stride_w: int = scalar("int32")
    stride_h: int = scalar("int32")
    fused_activation_function: int = scalar("int8")
    quantized_bias_type: int = scalar("int8")


@dataclass(eq=False, repr=False)
class ShapeOptions:
    """Options of SHAPE."""

    out_type: int = scalar("int8")


@dataclass(eq=False, repr=False)
class ArgMinOptions:
    """Options of ARG_MIN."""

    output_type: int = scalar("int8")


@dataclass(eq=False, repr=False)
class PackOptions:
    """Options of PACK."""

    values_count: int = scalar("int32")
    axis: int = scalar("int32")


@dataclass(eq=False, repr=False)
class UnpackOptions:
    """Options of UNPACK."""

    num: int = scalar("int32")
    axis: int = scalar("int32")


@dataclass(eq=False, repr=False)
class ResizeNearestNeighborOptions:
    """Options of RESIZE_NEAREST_NEIGHBOR."""

    align_corners: bool = boolean()
    half_pixel_centers: bool = boolean()


@dataclass(eq=False, repr=False)
class UnidirectionalSequenceLSTMOptions:
    """Options of UNIDIRECTIONAL_SEQUENCE_LSTM."""

    fused_activation_function: int = scalar("int8")
    cell_clip: float = scalar("float32")
    proj_clip: object = unread()
    time_major: bool = boolean()
    asymmetric_quantize_inputs: object = unread()
    diagonal_recurrent_tensors: object = unread()


@dataclass(eq=False, repr=False)
class LeakyReluOptions:
    """Options of LEAKY_RELU."""

    alpha: float = scalar("float32")


@dataclass(eq=False, repr=False)
class MirrorPadOptions:
    """Options of MIRROR_PAD."""

    mode: int = scalar("int8")


@dataclass(eq=False, repr=False)
class SplitVOptions:
    """Options of SPLIT_V."""

    num_splits: int = scalar("int32")


@dataclass(eq=False, repr=False)
class DepthToSpaceOptions:
    """Options of DEPTH_TO_SPACE."""

    block_size: int = scalar("int32")


@dataclass(eq=False, repr=False)
class BatchMatMulOptions:
    """Options of BATCH_MATMUL."""

    adj_x: bool = boolean()
    adj_y: bool = boolean()
    asymmetric_quantize_inputs: bool = boolean()


@dataclass(eq=False, repr=False)
class CumsumOptions:
    """Options of CUMSUM."""

    exclusive: bool = boolean()
    reverse: bool = boolean()


@dataclass(eq=False, repr=False)
class NoOptions:
    """A table without fields, of the operators in ``_WITHOUT_FIELDS``."""


_WITHOUT_FIELDS = (
    22,  # PadOptions
    24,  # BatchToSpaceNDOptions
    25,  # SpaceToBatchNDOptions
    26,  # TransposeOptions
    33,  # ExpOptions
    36,  # LogSoftmaxOptions
    38,  # DequantizeOptions
    39,  # MaximumMinimumOptions
    41,  # LessOptions
    42,  # NegOptions
    43,  # PadV2Options
    44,  # GreaterOptions
    45,  # GreaterEqualOptions
    46,  # LessEqualOptions
    48,  # SliceOptions
    52,  # ExpandDimsOptions
    53,  # EqualOptions
    54,  # NotEqualOptions
    60,  # LogicalOrOptions
    62,  # LogicalAndOptions
    63,  # LogicalNotOptions
    66,  # SquareOptions
    67,  # ZerosLikeOptions
    68,  # FillOptions
    76,  # SquaredDifferenceOptions
    78,  # AbsOptions
    81,  # ReverseV2Options
    82,  # AddNOptions
    83,  # GatherNdOptions
    89,  # QuantizeOptions
    91,  # HardSwishOptions
    98,  # SelectV2Options
    104,  # BroadcastToOptions
    112,  # ReadVariableOptions
    113,  # AssignVariableOptions
)


@dataclass(eq=False, repr=False)
class CallOnceOptions:
    """Options of CALL_ONCE."""

    init_subgraph_index: int = scalar("int32")


@dataclass(eq=False, repr=False)
class VarHandleOptions:
    """Options of VAR_HANDLE."""

    container: str | None = string()
    shared_name: str | None = string()


# Number in the schema's union ``BuiltinOptions`` -> table.
BUILTIN_OPTIONS: dict[int, type] = {
    1: Conv2DOptions,
    2: DepthwiseConv2DOptions,
    5: Pool2DOptions,
    6: SVDFOptions,
    8: FullyConnectedOptions,
    9: SoftmaxOptions,
    10: ConcatenationOptions,
    11: AddOptions,
    12: L2NormOptions,
    15: ResizeBilinearOptions,
    17: ReshapeOptions,
    19: SpaceToDepthOptions,
    21: MulOptions,
    23: GatherOptions,
    27: ReducerOptions,
    28: SubOptions,
    29: DivOptions,
    30: SqueezeOptions,
    32: StridedSliceOptions,
    35: SplitOptions,
    37: CastOptions,
    40: ArgMaxOptions,
    49: TransposeConvOptions,
    55: ShapeOptions,
    57: ArgMinOptions,
    59: PackOptions,
    64: UnpackOptions,
    71: UnidirectionalSequenceLSTMOptions,
    74: ResizeNearestNeighborOptions,
    75: LeakyReluOptions,
    77: MirrorPadOptions,
    79: SplitVOptions,
    94: DepthToSpaceOptions,
    101: BatchMatMulOptions,
    102: CumsumOptions,
    103: CallOnceOptions,
    111: VarHandleOptions,
    **dict.fromkeys(_WITHOUT_FIELDS, NoOptions),
}
