"""The operators of TensorFlow Lite that run here, with the types they take. Needs no NumPy."""

from __future__ import annotations

from collections.abc import Mapping

from ember_infer_macros.signatures import Accepts, accepts
from ember_infer_macros.tflite.schema import BuiltinOperator

__all__ = ["LOWERINGS"]

# Operator -> its module in `lower/` and its signatures. A new operator adds its line.
LOWERINGS: Mapping[BuiltinOperator, Accepts] = {
    BuiltinOperator.ADD: accepts("add", "int8 int8 -> int8"),
    BuiltinOperator.AVERAGE_POOL_2D: accepts("pool", "int8 -> int8"),
    BuiltinOperator.CONV_2D: accepts("conv2d", "int8 int8 int32? -> int8"),
    BuiltinOperator.DEPTHWISE_CONV_2D: accepts("depthwise_conv2d", "int8 int8 int32? -> int8"),
    BuiltinOperator.FULLY_CONNECTED: accepts("fully_connected", "int8 int8 int32? -> int8"),
    BuiltinOperator.HARD_SWISH: accepts("lookup", "int8 -> int8"),
    BuiltinOperator.LEAKY_RELU: accepts("leaky_relu", "int8 -> int8"),
    BuiltinOperator.LOGISTIC: accepts("lookup", "int8 -> int8"),
    BuiltinOperator.MAX_POOL_2D: accepts("pool", "int8 -> int8"),
    BuiltinOperator.MUL: accepts("mul", "int8 int8 -> int8"),
    BuiltinOperator.RELU6: accepts("lookup", "int8 -> int8"),
    BuiltinOperator.RELU: accepts("lookup", "int8 -> int8"),
    BuiltinOperator.RESHAPE: accepts("reshape", "int8 int32? -> int8"),
    BuiltinOperator.SOFTMAX: accepts("softmax", "int8 -> int8"),
    BuiltinOperator.TANH: accepts("lookup", "int8 -> int8"),
}
