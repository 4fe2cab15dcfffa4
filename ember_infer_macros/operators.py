"""The operators of TensorFlow Lite that run here, with the types they take. Needs no NumPy."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_macros.signatures import Accepts, accepts
from ember_infer_macros.tflite.graph import GraphOperator
from ember_infer_macros.tflite.schema import BuiltinOperator

__all__ = ["CUSTOM_LOWERINGS", "LOWERINGS", "accepted"]

_ANY = "int8|int16|int32|float32|uint8|bool"
_CASTABLE = "int8|int16|int32|uint32|float32|bool"


def _lstm(data: str, bias: str) -> str:
    """Of UNIDIRECTIONAL_SEQUENCE_LSTM: data, weights, peepholes, biases, projection, states, layer normalisation."""
    weights, peepholes, biases, others = "int8? " * 8, "int16? " * 3, f"{bias}? " * 4, "int16? " * 4
    return f"{data} {weights}{peepholes}{biases}int8? {bias}? {data} int16 {others}-> {data}"


# Operator -> its module in `lower/` and its signatures. A new operator adds its line.
LOWERINGS: Mapping[BuiltinOperator, Accepts] = {
    BuiltinOperator.ABS: accepts("lookup", "int8 -> int8", "float32 -> float32"),
    BuiltinOperator.ADD: accepts("add", "T T -> T", T="int8 float32 int32"),
    BuiltinOperator.ADD_N: accepts("add_n", "T+ -> T", T="int8 float32"),
    BuiltinOperator.ARG_MAX: accepts("arg_max", "int8|float32 int32 -> int32"),
    BuiltinOperator.ARG_MIN: accepts("arg_max", "int8|float32 int32 -> int32"),
    BuiltinOperator.ASSIGN_VARIABLE: accepts("variables", f"resource {_ANY} ->"),
    BuiltinOperator.AVERAGE_POOL_2D: accepts("pool", "int8 -> int8"),
    BuiltinOperator.BATCH_MATMUL: accepts("batch_matmul", "T T -> T", T="float32 int8"),
    BuiltinOperator.BATCH_TO_SPACE_ND: accepts("space_to_batch_nd", "T int32 int32 -> T", T="int8 float32"),
    BuiltinOperator.BROADCAST_ARGS: accepts("reshape", "int32 int32 -> int32"),
    BuiltinOperator.BROADCAST_TO: accepts(
        "broadcast_to", "T int32|int64 -> T", T="int8 int16 int32 float32 uint8 bool"
    ),
    BuiltinOperator.CALL_ONCE: accepts("variables", "->"),
    BuiltinOperator.CAST: accepts("cast", f"{_CASTABLE} -> {_CASTABLE}"),
    BuiltinOperator.CEIL: accepts("lookup", "float32 -> float32"),
    BuiltinOperator.CONCATENATION: accepts("concatenation", "T+ -> T", T="int8 int16 int32 float32 bool"),
    BuiltinOperator.CONV_2D: accepts("conv2d", "int8 int8|int4 int32? -> int8"),
    BuiltinOperator.COS: accepts("lookup", "float32 -> float32"),
    BuiltinOperator.CUMSUM: accepts("cumsum", "T int32 -> T", T="int8 float32"),
    BuiltinOperator.DEPTH_TO_SPACE: accepts("space_to_depth", "T -> T", T="int8 float32"),
    BuiltinOperator.DEPTHWISE_CONV_2D: accepts("depthwise_conv2d", "int8 int8|int4 int32? -> int8"),
    BuiltinOperator.DEQUANTIZE: accepts("dequantize", "int8|int16|uint8 -> float32"),
    BuiltinOperator.DIV: accepts("div", "T T -> T", T="int8 float32 int32"),
    BuiltinOperator.DYNAMIC_UPDATE_SLICE: accepts(
        "dynamic_update_slice", "T T int32|int64 -> T", T="int8 int16 int32 float32"
    ),
    BuiltinOperator.ELU: accepts("lookup", "int8 -> int8", "float32 -> float32"),
    BuiltinOperator.EMBEDDING_LOOKUP: accepts("gather", "int32 T -> T", T="int8 float32"),
    BuiltinOperator.EQUAL: accepts("comparisons", "T T -> bool", T="int8 float32 int32 bool"),
    BuiltinOperator.EXP: accepts("lookup", "float32 -> float32"),
    BuiltinOperator.EXPAND_DIMS: accepts("reshape", "T int32 -> T", T="int8 int16 float32"),
    BuiltinOperator.FILL: accepts("fill", "int32|int64 T -> T", T="int8 int32 float32"),
    BuiltinOperator.FLOOR: accepts("lookup", "float32 -> float32"),
    BuiltinOperator.FLOOR_DIV: accepts("div", "float32 float32 -> float32"),
    BuiltinOperator.FLOOR_MOD: accepts("div", "float32 float32 -> float32"),
    BuiltinOperator.FULLY_CONNECTED: accepts("fully_connected", "int8 int8|int4 int32? -> int8"),
    BuiltinOperator.GATHER: accepts("gather", "T int32 -> T", T="int8 float32"),
    BuiltinOperator.GATHER_ND: accepts("gather", "T int32 -> T", T="int8 float32"),
    BuiltinOperator.GREATER: accepts("comparisons", "T T -> bool", T="int8 float32 int32"),
    BuiltinOperator.GREATER_EQUAL: accepts("comparisons", "T T -> bool", T="int8 float32 int32"),
    BuiltinOperator.HARD_SWISH: accepts("lookup", "int8 -> int8", "float32 -> float32"),
    BuiltinOperator.L2_NORMALIZATION: accepts("l2_normalization", "T -> T", T="int8 float32"),
    BuiltinOperator.LEAKY_RELU: accepts("leaky_relu", "int8 -> int8", "float32 -> float32"),
    BuiltinOperator.LESS: accepts("comparisons", "T T -> bool", T="int8 float32 int32"),
    BuiltinOperator.LESS_EQUAL: accepts("comparisons", "T T -> bool", T="int8 float32 int32"),
    BuiltinOperator.LOG: accepts("lookup", "float32 -> float32"),
    BuiltinOperator.LOG_SOFTMAX: accepts("log_softmax", "T -> T", T="int8 float32"),
    BuiltinOperator.LOGICAL_AND: accepts("logical", "bool bool -> bool"),
    BuiltinOperator.LOGICAL_NOT: accepts("logical", "bool -> bool"),
    BuiltinOperator.LOGICAL_OR: accepts("logical", "bool bool -> bool"),
    BuiltinOperator.LOGISTIC: accepts("lookup", "int8 -> int8", "float32 -> float32"),
    BuiltinOperator.MAX_POOL_2D: accepts("pool", "int8 -> int8"),
    BuiltinOperator.MAXIMUM: accepts("maximum_minimum", "T T -> T", T="int8 float32 int32 int16"),
    BuiltinOperator.MEAN: accepts("mean", "T int32 -> T", T="int8 int16 float32"),
    BuiltinOperator.MINIMUM: accepts("maximum_minimum", "T T -> T", T="int8 float32 int32 int16"),
    BuiltinOperator.MIRROR_PAD: accepts("mirror_pad", "T int32|int64 -> T", T="int8 float32"),
    BuiltinOperator.MUL: accepts("mul", "T T -> T", T="int8 float32 int32"),
    BuiltinOperator.NEG: accepts("lookup", "float32 -> float32"),
    BuiltinOperator.NOT_EQUAL: accepts("comparisons", "T T -> bool", T="int8 float32 int32 bool"),
    BuiltinOperator.PACK: accepts("pack", "T+ -> T", T="int8 int16 int32 float32"),
    BuiltinOperator.PAD: accepts("pad", "T int32 T? -> T", T="int8 int16 int32 float32"),
    BuiltinOperator.PADV2: accepts("pad", "T int32 T? -> T", T="int8 int16 int32 float32"),
    BuiltinOperator.PRELU: accepts("prelu", "T T -> T", T="int8 float32"),
    BuiltinOperator.QUANTIZE: accepts(
        "quantize",
        "float32|int32 -> int8|int16",
        "int8 -> int8|int16|int32|uint8",
        "int16 -> int8|int16|int32",
        "uint8 -> int8",
    ),
    BuiltinOperator.READ_VARIABLE: accepts("variables", f"resource -> {_ANY}"),
    BuiltinOperator.REDUCE_ALL: accepts("reduction", "bool int32 -> bool"),
    BuiltinOperator.REDUCE_MAX: accepts("reduction", "T int32 -> T", T="int8 float32"),
    BuiltinOperator.REDUCE_MIN: accepts("reduction", "T int32 -> T", T="int8 float32"),
    BuiltinOperator.RELU: accepts("lookup", "int8 -> int8", "float32 -> float32"),
    BuiltinOperator.RELU6: accepts("lookup", "int8 -> int8", "float32 -> float32"),
    BuiltinOperator.RESHAPE: accepts("reshape", "T int32? -> T", T="int8 int16 int32 float32 uint8 bool"),
    BuiltinOperator.RESIZE_BILINEAR: accepts("resize_bilinear", "T int32 -> T", T="int8 float32"),
    BuiltinOperator.RESIZE_NEAREST_NEIGHBOR: accepts("resize_nearest_neighbor", "T int32 -> T", T="int8 int16 float32"),
    BuiltinOperator.REVERSE_V2: accepts("reverse_v2", "T int32 -> T", T="int8 int16 int32 float32 uint8 bool"),
    BuiltinOperator.ROUND: accepts("lookup", "float32 -> float32"),
    BuiltinOperator.RSQRT: accepts("lookup", "int8 -> int8", "float32 -> float32"),
    BuiltinOperator.SELECT_V2: accepts("select_v2", "bool T T -> T", T="int8 int16 float32"),
    BuiltinOperator.SHAPE: accepts("reshape", "int8|int16|int32|float32|uint8|bool -> int32"),
    BuiltinOperator.SIN: accepts("lookup", "float32 -> float32"),
    BuiltinOperator.SLICE: accepts("slice", "T I I -> T", T="int8 int16 int32 float32 bool", I="int32 int64"),
    BuiltinOperator.SOFTMAX: accepts("softmax", "int8 -> int8|int16", "float32 -> float32"),
    BuiltinOperator.SPACE_TO_BATCH_ND: accepts("space_to_batch_nd", "T int32 int32 -> T", T="int8 float32"),
    BuiltinOperator.SPACE_TO_DEPTH: accepts("space_to_depth", "T -> T", T="int8 float32"),
    BuiltinOperator.SPLIT: accepts("split", "int32 T -> T+", T="int8 int16 int32 float32"),
    BuiltinOperator.SPLIT_V: accepts("split", "T int32|int64 int32 -> T+", T="int8 int16 int32 float32"),
    BuiltinOperator.SQRT: accepts("lookup", "float32 -> float32"),
    BuiltinOperator.SQUARE: accepts("lookup", "float32 -> float32"),
    BuiltinOperator.SQUARED_DIFFERENCE: accepts("squared_difference", "T T -> T", T="int8 float32 int32"),
    BuiltinOperator.SQUEEZE: accepts("reshape", "T -> T", T="int8 int16 int32 float32 uint8 bool"),
    BuiltinOperator.STRIDED_SLICE: accepts(
        "strided_slice", "T int32 int32 int32 -> T", T="int8 int16 int32 float32 bool"
    ),
    BuiltinOperator.SUB: accepts("sub", "T T -> T", T="int8 float32 int32"),
    BuiltinOperator.SUM: accepts("mean", "T int32 -> T", T="int8 int16 float32"),
    BuiltinOperator.SVDF: accepts("svdf", "int8 int8 T int32? T -> int8", T="int8 int16"),
    BuiltinOperator.TANH: accepts("lookup", "int8 -> int8", "float32 -> float32"),
    BuiltinOperator.TRANSPOSE: accepts("transpose", "T int32 -> T", T="int8 int16 float32"),
    BuiltinOperator.TRANSPOSE_CONV: accepts("transpose_conv", "int32 int8 int8 int32? -> int8"),
    BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_LSTM: accepts(
        "unidirectional_sequence_lstm", _lstm("int8", "int32"), _lstm("int16", "int64")
    ),
    BuiltinOperator.UNPACK: accepts("pack", "T -> T+", T="int8 int16 int32 float32"),
    BuiltinOperator.VAR_HANDLE: accepts("variables", "-> resource"),
    BuiltinOperator.ZEROS_LIKE: accepts("fill", "T -> T", T="int8 int32 float32"),
}

# The same for operators that the schema does not have, by the name that a file gives them.
CUSTOM_LOWERINGS: Mapping[str, Accepts] = {
    "CIRCULAR_BUFFER": accepts("circular_buffer", "int8 -> int8", keeps_state=True),
}


def accepted(operator: GraphOperator) -> Accepts | None:
    """The entry of an operator; None for one that does not run here."""
    if operator.custom_code is not None:
        return CUSTOM_LOWERINGS.get(operator.custom_code)
    return None if operator.code is None else LOWERINGS.get(operator.code)
