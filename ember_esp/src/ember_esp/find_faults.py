"""Which known faults a call meets: found from its parameters, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ember_esp.convolution_faults import conv2d, depthwise_conv2d
from ember_esp.faults import FAULTS, Fault
from ember_esp.other_faults import add, avg_pool, fully_connected, hard_swish, max_pool, mul, softmax
from ember_esp.placement import ARENA, Spot, spots
from ember_esp.reserved import asked_by, guessed_by_rust, touched_by
from ember_esp.routes import Route, route
from ember_infer_core import Conv2dParams, DepthwiseConv2dParams, FullyConnectedParams, PerChannelQuantParam
from ember_infer_core.ops.pairs import PairParams

if TYPE_CHECKING:
    from ember_esp.target import Target
    from ember_infer_core import OperatorParams

    Convolution = Conv2dParams | DepthwiseConv2dParams

__all__ = ["faulty_methods", "find_faults", "refuses_misaligned"]

Names = Iterator[str]
_MOST_CHANNELS = 512
_MOST_OUTPUTS = 1024

# For each method the faults of the kernels on one image, given where that starts.
_OF_KERNELS: Mapping[str, Callable[[Target, Any, Route, Spot], Names]] = {
    "conv2d": conv2d,
    "depthwise_conv2d": depthwise_conv2d,
    "fully_connected": fully_connected,
    "avg_pool": avg_pool,
    "max_pool": max_pool,
    "add": add,
    "mul": mul,
    "softmax": softmax,
    "hard_swish": hard_swish,
}


def faulty_methods(target: Target) -> Mapping[str, tuple[str, ...]]:
    """The methods of which calls of ordinary sizes, their buffers aligned, meet a fault; by patterns of names."""
    found = {"softmax"}
    if target.driver == "rust":
        found |= {"conv2d", "depthwise_conv2d", "add", "mul"}
    if target.chip == "esp32s3":
        found |= {"conv2d", "depthwise_conv2d", "mul"}
        found |= {"fully_connected"} if target.driver == "tflm" else set()
    if target.chip == "esp32p4":
        found |= {"conv2d", "depthwise_conv2d"} | ({"hard_swish"} if target.driver == "tflm" else set())
    patterns = {method: (method,) for method in sorted(found)}
    # What max pools meet is rare under TFLM.
    return patterns | ({"*_pool": ("avg_pool", "max_pool")} if target.chip == "esp32s3" else {})


def refuses_misaligned(target: Target) -> frozenset[str]:
    """The methods whose calls meet a fault wherever a buffer is not aligned: no driver's fallback is before them."""
    if target.chip != "esp32s3" or target.driver != "tflm":
        return frozenset()
    return frozenset({"avg_pool", "depthwise_conv2d", "fully_connected", "max_pool"})


def find_faults(
    target: Target,
    version: str,
    method: str,
    params: OperatorParams,
    spot: Spot = ARENA,
    scratch: int | None = None,
) -> tuple[Fault, ...]:
    """The faults that one call meets.

    Args:
        target: the chip and its driver.
        version: of ESP-NN.
        method: of :class:`ember_infer_core.KernelBackend`.
        params: of the call, with its constants bound; other buffers need not be.
        spot: where its inputs and its output start.
        scratch: bytes that a kernel of the Rust driver finds in one program, if that is known.
    """
    names: dict[str, None] = {}
    if target.driver == "rust":
        names.update(dict.fromkeys(_of_rust(method, params)))
    if isinstance(params, Conv2dParams | DepthwiseConv2dParams):
        names.update(dict.fromkeys(_of_scratch(target, version, params, scratch)))
    find = _OF_KERNELS.get(method)
    for where in spots(params, spot) if find is not None else ():
        taken = route(target, method, params, where)
        if find is not None and taken.kernel != "reference":
            names.update(dict.fromkeys(find(target, params, taken, where)))
    return tuple(FAULTS[name] for name in names)


def _of_rust(method: str, params: OperatorParams) -> Names:
    """What ``ember-esp-nn`` hands to a kernel that cannot do it, or refuses."""
    if isinstance(params, Conv2dParams | DepthwiseConv2dParams):
        _, height, width, _ = params.weights_shape
        # Along an axis with a single tap there is nothing to ignore.
        if (params.dilation_h_factor != 1 and height > 1) or (params.dilation_w_factor != 1 and width > 1):
            yield "dilation"
        if params.output_shape[3] > _MOST_CHANNELS:
            yield "channels"
    elif method == "fully_connected" and isinstance(params, FullyConnectedParams):
        if isinstance(params.weights_quant, PerChannelQuantParam) and params.weights_shape[0] > _MOST_OUTPUTS:
            yield "fc-channels"
    elif isinstance(params, PairParams) and params.dtype == "int8":
        first, second = _without_ones(params.input1_shape), _without_ones(params.input2_shape)
        if method == "add" and first != second:
            yield "add-broadcast"
        elif method == "mul" and not _is_of_channels(first, second, _without_ones(params.output_shape)):
            yield "mul-broadcast"


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Without the axes of one element at the beginning."""
    first = next((axis for axis, size in enumerate(shape) if size != 1), len(shape))
    return shape[first:]


def _is_of_channels(first: tuple[int, ...], second: tuple[int, ...], output: tuple[int, ...]) -> bool:
    """Whether one operand has every element of the output, and the other's repeat as its last axes."""
    return any(
        large == output and output[len(output) - len(small) :] == small
        for large, small in ((first, second), (second, first))
    )


def _of_scratch(target: Target, version: str, params: Convolution, scratch: int | None) -> Names:
    touched = touched_by(target, params)
    if target.driver == "tflm":
        reserved = asked_by(target, version, params)
    else:  # one buffer for all layers
        reserved = max(guessed_by_rust(target, version, params), scratch or 0)
    if touched <= reserved:
        return
    if touched <= asked_by(target, version, params):
        yield "guessed-scratch"
    elif isinstance(params, Conv2dParams):
        yield "p4-first-layer"
    else:
        yield "one-sided-padding" if params.pad_h or params.pad_w else "large-unpadded"
