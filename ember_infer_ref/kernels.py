"""Which function computes which operator."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping

__all__ = ["KERNELS", "kernel"]

# Operator -> ``module:function`` here. A new operator adds its line.
KERNELS: Mapping[str, str] = {
    "abs": "float_functions:abs",
    "add": "pairs:pairs",
    "add_n": "add_n:add_n",
    "arg_max": "arg_max:arg_max",
    "arg_min": "arg_max:arg_min",
    "avg_pool": "pool:avg_pool",
    "batch_matmul": "batch_matmul:batch_matmul",
    "batch_to_space_nd": "movement:move",
    "broadcast_to": "movement:move",
    "cast": "cast:cast",
    "ceil": "float_functions:ceil",
    "circular_buffer": "circular_buffer:circular_buffer",
    "concatenation": "movement:move",
    "conv2d": "conv2d:conv2d",
    "cos": "float_functions:cos",
    "cumsum": "cumsum:cumsum",
    "depth_to_space": "movement:move",
    "depthwise_conv2d": "depthwise_conv2d:depthwise_conv2d",
    "dequantize": "dequantize:dequantize",
    "div": "pairs:pairs",
    "dynamic_update_slice": "movement:move",
    "elu": "float_functions:elu",
    "equal": "pairs:pairs",
    "exp": "float_functions:exp",
    "fill": "movement:move",
    "floor": "float_functions:floor",
    "floor_div": "pairs:pairs",
    "floor_mod": "pairs:pairs",
    "fully_connected": "fully_connected:fully_connected",
    "gather": "gather:gather",
    "gather_nd": "gather:gather",
    "greater": "pairs:pairs",
    "greater_equal": "pairs:pairs",
    "hard_swish": "float_functions:hard_swish",
    "l2_normalization": "l2_normalization:l2_normalization",
    "leaky_relu": "float_functions:leaky_relu",
    "less": "pairs:pairs",
    "less_equal": "pairs:pairs",
    "log": "float_functions:log",
    "log_softmax": "log_softmax:log_softmax",
    "logical_and": "pairs:pairs",
    "logical_not": "lookup:lookup",
    "logical_or": "pairs:pairs",
    "logistic": "float_functions:logistic",
    "max_pool": "pool:max_pool",
    "maximum": "pairs:pairs",
    "mean": "mean:mean",
    "minimum": "pairs:pairs",
    "mirror_pad": "movement:move",
    "mul": "pairs:pairs",
    "neg": "float_functions:neg",
    "not_equal": "pairs:pairs",
    "pack": "movement:move",
    "pad": "movement:move",
    "padv2": "movement:move",
    "prelu": "pairs:pairs",
    "quantize": "quantize:quantize",
    "reduce_all": "reduction:reduce_all",
    "reduce_max": "reduction:reduce_max",
    "reduce_min": "reduction:reduce_min",
    "relu": "float_functions:relu",
    "relu6": "float_functions:relu6",
    "reshape": "reshape:reshape",
    "resize_bilinear": "resize_bilinear:resize_bilinear",
    "resize_nearest_neighbor": "resize_nearest_neighbor:resize_nearest_neighbor",
    "reverse_v2": "movement:move",
    "round": "float_functions:round",
    "rsqrt": "float_functions:rsqrt",
    "select_v2": "select_v2:select_v2",
    "sin": "float_functions:sin",
    "slice": "movement:move",
    "softmax": "softmax:softmax",
    "space_to_batch_nd": "movement:move",
    "space_to_depth": "movement:move",
    "split": "movement:move",
    "split_v": "movement:move",
    "sqrt": "float_functions:sqrt",
    "square": "float_functions:square",
    "squared_difference": "pairs:pairs",
    "strided_slice": "movement:move",
    "sub": "pairs:pairs",
    "sum": "mean:sum_",
    "svdf": "svdf:svdf",
    "tanh": "float_functions:tanh",
    "transpose": "movement:move",
    "transpose_conv": "transpose_conv:transpose_conv",
    "unpack": "movement:move",
    "zeros_like": "movement:move",
}


@functools.cache
def kernel(operator: str) -> Callable[..., None]:
    """The function, loaded on first use: a model needs few of them."""
    module, _, function = KERNELS[operator].partition(":")
    found: Callable[..., None] = getattr(importlib.import_module(f"ember_infer_ref.{module}"), function)
    return found
