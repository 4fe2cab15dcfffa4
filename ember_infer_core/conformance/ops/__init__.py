"""What the suite knows of each operator, one file an operator as in ``ember_infer_core/ops``."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping

from ember_infer_core.conformance.cases import OperatorCases

__all__ = ["MODULES", "cases_of"]

# Operator -> its module here, whose CASES has it. A new operator adds its line.
MODULES: Mapping[str, str] = {
    "abs": "abs",
    "add": "add",
    "add_n": "add_n",
    "arg_max": "arg_max",
    "arg_min": "arg_max",
    "avg_pool": "pool",
    "batch_matmul": "batch_matmul",
    "batch_to_space_nd": "space_to_batch_nd",
    "broadcast_to": "broadcast_to",
    "cast": "cast",
    "ceil": "float_functions",
    "concatenation": "concatenation",
    "conv2d": "conv2d",
    "cos": "float_functions",
    "cumsum": "cumsum",
    "depth_to_space": "space_to_depth",
    "depthwise_conv2d": "depthwise_conv2d",
    "dequantize": "dequantize",
    "div": "div",
    "dynamic_update_slice": "dynamic_update_slice",
    "elu": "elu",
    "equal": "comparisons",
    "exp": "float_functions",
    "fill": "fill",
    "floor": "float_functions",
    "floor_div": "div",
    "floor_mod": "div",
    "fully_connected": "fully_connected",
    "gather": "gather",
    "gather_nd": "gather",
    "greater": "comparisons",
    "greater_equal": "comparisons",
    "hard_swish": "hard_swish",
    "l2_normalization": "l2_normalization",
    "leaky_relu": "leaky_relu",
    "less": "comparisons",
    "less_equal": "comparisons",
    "log": "float_functions",
    "log_softmax": "log_softmax",
    "logical_and": "logical",
    "logical_not": "logical",
    "logical_or": "logical",
    "logistic": "logistic",
    "max_pool": "pool",
    "maximum": "maximum_minimum",
    "mean": "mean",
    "minimum": "maximum_minimum",
    "mirror_pad": "mirror_pad",
    "mul": "mul",
    "neg": "float_functions",
    "not_equal": "comparisons",
    "pack": "pack",
    "pad": "pad",
    "padv2": "pad",
    "prelu": "prelu",
    "quantize": "quantize",
    "reduce_all": "reduction",
    "reduce_max": "reduction",
    "reduce_min": "reduction",
    "relu": "relu",
    "relu6": "relu6",
    "reshape": "reshape",
    "resize_bilinear": "resize_bilinear",
    "resize_nearest_neighbor": "resize_nearest_neighbor",
    "reverse_v2": "reverse_v2",
    "round": "float_functions",
    "rsqrt": "rsqrt",
    "select_v2": "select_v2",
    "sin": "float_functions",
    "slice": "slice",
    "softmax": "softmax",
    "softmax_float32": "softmax",
    "softmax_int16": "softmax",
    "space_to_batch_nd": "space_to_batch_nd",
    "space_to_depth": "space_to_depth",
    "split": "split",
    "split_v": "split",
    "sqrt": "float_functions",
    "square": "float_functions",
    "squared_difference": "squared_difference",
    "strided_slice": "strided_slice",
    "sub": "sub",
    "sum": "mean",
    "tanh": "tanh",
    "transpose": "transpose",
    "transpose_conv": "transpose_conv",
    "unpack": "pack",
    "zeros_like": "fill",
}


@functools.cache
def cases_of(operator: str) -> OperatorCases:
    """What the suite knows of an operator, a method of :class:`KernelBackend`."""
    module = importlib.import_module(f"{__name__}.{MODULES[operator]}")
    cases: Mapping[str, OperatorCases] = module.CASES
    return cases[operator]
