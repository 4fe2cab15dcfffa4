"""What the model writer knows about an operator: its options table in the official schema, and its version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["make_options", "operator_version"]

# Operators whose options table is not called as they are; most are (CONV_2D has Conv2DOptions).
_SHARED_TABLES = {
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "REDUCE_ALL": "ReducerOptions",
    "REDUCE_ANY": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "SUM": "ReducerOptions",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions",
}
_ENUMERATIONS = {
    "fused_activation_function": "ActivationFunctionType",
    "in_data_type": "TensorType",
    "kernel_type": "LSTMKernelType",
    "mode": "MirrorPadMode",
    "out_data_type": "TensorType",
    "out_type": "TensorType",
    "output_type": "TensorType",
    "padding": "Padding",
    "quantized_bias_type": "TensorType",
    "weights_format": "FullyConnectedOptionsWeightsFormat",
}
_SHORT_NAMES = {"activation": "fused_activation_function"}

# The versions that TensorFlow's converter writes (`GetBuiltinOperatorVersion`), by the type of the data; else 1.
# Interpreters that look at versions refuse one that is too high and run all lower ones: those that depend on
# options or ranks as well are left to the caller.
_VERSIONS: Mapping[str, Mapping[int, tuple[str, ...]]] = {
    "int8": {
        2: (
            *("ABS", "ADD", "ARG_MAX", "ARG_MIN", "AVERAGE_POOL_2D", "BATCH_MATMUL", "BATCH_TO_SPACE_ND"),
            *("CONCATENATION", "DEPTH_TO_SPACE", "DEQUANTIZE", "EQUAL", "GATHER", "GREATER", "GREATER_EQUAL"),
            *("L2_NORMALIZATION", "LESS", "LESS_EQUAL", "LOGISTIC", "LOG_SOFTMAX", "MAXIMUM", "MAX_POOL_2D", "MEAN"),
            *("MINIMUM", "MIRROR_PAD", "MUL", "NOT_EQUAL", "PACK", "PAD", "PADV2", "REDUCE_MAX", "REDUCE_MIN", "RELU"),
            *("RELU6", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "RSQRT", "SLICE", "SOFTMAX", "SPACE_TO_BATCH_ND"),
            *("SPACE_TO_DEPTH", "SPLIT", "SPLIT_V", "SQUARED_DIFFERENCE", "STRIDED_SLICE", "SUB", "SUM", "TANH"),
            *("TRANSPOSE", "TRANSPOSE_CONV", "UNPACK"),
        ),
        3: ("BROADCAST_TO", "CAST", "CONV_2D", "DEPTHWISE_CONV_2D", "FILL", "REVERSE_V2", "SVDF"),
        4: ("FULLY_CONNECTED",),
    },
    "int16": {
        2: ("LEAKY_RELU",),
        3: (
            *("ABS", "ADD", "AVERAGE_POOL_2D", "BATCH_MATMUL", "BROADCAST_TO", "CONCATENATION", "DEQUANTIZE", "FILL"),
            *("GATHER_ND", "GREATER_EQUAL", "LESS", "LOGISTIC", "MAX_POOL_2D", "MEAN", "MIRROR_PAD", "PACK", "PAD"),
            *("PADV2", "REDUCE_MAX", "REDUCE_MIN", "RELU", "RELU6", "RSQRT", "SOFTMAX", "TANH"),
        ),
        4: (
            *("BATCH_TO_SPACE_ND", "CONV_2D", "GATHER", "MAXIMUM", "MINIMUM", "MUL", "NOT_EQUAL", "RESIZE_BILINEAR"),
            *("RESIZE_NEAREST_NEIGHBOR", "SLICE", "SPACE_TO_BATCH_ND", "SPLIT", "UNPACK"),
        ),
        5: ("DEPTHWISE_CONV_2D", "EQUAL", "SUB", "TRANSPOSE", "UNIDIRECTIONAL_SEQUENCE_LSTM"),
        7: ("FULLY_CONNECTED",),
    },
    "int32": {3: ("SPLIT",), 5: ("ABS",)},
    "bool": {
        2: ("FILL", "REVERSE_V2"),
        3: ("ARG_MAX", "ARG_MIN", "STRIDED_SLICE", "TRANSPOSE", "UNPACK"),
        5: ("PAD", "PADV2"),
    },
}
_VERSION = {
    (name, dtype): version
    for dtype, versions in _VERSIONS.items()
    for version, names in versions.items()
    for name in names
}
# Operands in front of the data: an axis, dimensions, an output shape.
_DATA_INPUT = {"FILL": 1, "SPLIT": 1, "TRANSPOSE_CONV": 1}


def operator_version(name: str, dtypes: list[str | None]) -> int:
    """The version that TensorFlow's converter writes for an operator on inputs of these types (None: absent)."""
    position = _DATA_INPUT.get(name, 0)
    dtype = dtypes[position] if position < len(dtypes) else None
    lowest = 2 if name == "BROADCAST_TO" else 1
    return _VERSION.get((name, dtype or "int8"), lowest)


def make_options(schema: Any, operator: str, fields: Mapping[str, Any]) -> Any | None:
    """The options of an operator as an object of the official schema; None for an operator that has no options.

    Args:
        schema: the official schema's module.
        operator: its name in the schema's ``BuiltinOperator``.
        fields: the table's fields as the schema file names them; values of enumerations may be names. ``activation``
            is short for ``fused_activation_function``. What is not given has the schema's default.

    Raises:
        ValueError: the operator has no such field, or the enumeration no such name.
    """
    table = _table(schema, operator)
    if table is None:
        if fields:
            raise ValueError(f"{operator} has no options, and so no {', '.join(fields)}")
        return None
    options = getattr(schema, f"{table}T")()
    for short_name, value in fields.items():
        name = _SHORT_NAMES.get(short_name, short_name)
        first, *others = name.split("_")
        attribute = first + "".join(word.capitalize() for word in others)
        if attribute not in vars(options):
            raise ValueError(f"{table} has no field {name!r}; it has {', '.join(vars(options)) or 'none'}")
        if isinstance(value, str) and name in _ENUMERATIONS:
            value = _enumerated(schema, _ENUMERATIONS[name], name, value)
        setattr(options, attribute, value)
    return options


def _table(schema: Any, operator: str) -> str | None:
    if operator in _SHARED_TABLES:
        return _SHARED_TABLES[operator]
    wanted = operator.replace("_", "").lower() + "options"
    return next((table for table in vars(schema.BuiltinOptions) if table.lower() == wanted), None)


def _enumerated(schema: Any, enumeration: str, field: str, value: str) -> int:
    members: dict[str, int] = {
        name: number for name, number in vars(getattr(schema, enumeration)).items() if not name.startswith("_")
    }
    name = value.upper() if enumeration == "TensorType" else value
    if name not in members:
        raise ValueError(f"{field} {value!r} is none of {', '.join(members)}")
    return members[name]
