"""SVDF. Source of the rules: TFLM ``svdf_common.cc``."""

from __future__ import annotations

from ember_infer_core.ops.svdf import check_bias_scale, prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource, Refusal
from ember_infer_macros.tflite.options import SVDFOptions

_INPUTS = ("input", "weights_feature", "weights_time", "bias", "state")


def lower(source: OperatorSource) -> Lowered:
    """The call of an SVDF. Its fused activation is not looked at: TFLM ignores it."""
    source.arity((5,))
    if not source.has_input(3):
        raise Refusal("it has no bias; TensorFlow Lite Micro stops there")
    tensors = dict(zip(_INPUTS, source.inputs(), strict=True)) | {"output": source.output()}
    for name in ("weights_feature", "weights_time", "bias"):
        source.constant(tensors[name])
    if not tensors["state"].is_variable:
        raise Refusal(f"its state {tensors['state'].describe()} is no variable, so that something else may write it")
    if tensors["input"].index == tensors["state"].index:
        raise Refusal(f"{tensors['state'].describe()} is both its input and its state; that is not supported")
    quants = {name: source.quant(tensors[name]) for name in ("input", "state", "output")}
    quants |= {name: source.first_quant(tensors[name]) for name in ("weights_feature", "weights_time")}
    params = source.prepare(
        prepare,
        rank=source.options(SVDFOptions).rank,
        dtype=source.dtype(tensors["state"]),
        **{f"{name}_shape": tensor.shape for name, tensor in tensors.items()},
        **{f"{name}_quant": quant for name, quant in quants.items()},
    )
    scales = tensors["bias"].quantization
    try:
        check_bias_scale(quants["state"], quants["weights_time"], scales.scales[0] if scales is not None else 0.0)
    except ValueError as error:
        raise Refusal(f"{tensors['bias'].describe()}: {error}; TensorFlow Lite Micro refuses this too") from None
    return Lowered("svdf", params, {name: tensor.index for name, tensor in tensors.items()})
