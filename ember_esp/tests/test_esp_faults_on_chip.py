"""Every named fault is real: the smallest call that meets it, on ESP-NN's own kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chip_calls import (
    ChipCall,
    Int8Array,
    add_call,
    hard_swish_call,
    mul_call,
    pool_call,
    softmax_call,
    wired_convolution,
    wired_fully_connected,
)
from chip_server import Answer, ChipServer, Variant, built_servers
from ember_esp import FAULTS, EspBackend
from ember_esp.find_faults import find_faults
from ember_esp.placement import spot_of
from ember_esp.reserved import asked_by
from ember_infer_core import Conv2dParams, DepthwiseConv2dParams, Padding, PerChannelQuantParam, QuantParam
from ember_infer_core.ops import conv2d, depthwise_conv2d, fully_connected
from ember_infer_core.ops.windows import compute_padding
from esp_cases import memory

S3 = {driver: EspBackend(driver=driver, faults="ignore") for driver in ("rust", "tflm")}
P4 = {driver: EspBackend("esp32p4", driver=driver, faults="ignore") for driver in ("rust", "tflm")}
ESP32 = {driver: EspBackend("esp32", driver=driver, faults="ignore") for driver in ("rust", "tflm")}

# What a driver refuses, or hands over wrongly, is no kernel's doing; nothing of it can be seen here.
BOUNDS = {"channels", "fc-channels", "add-broadcast"}


def int8(*shape: int) -> Int8Array:
    """Values of which no two neighbours are alike."""
    return (np.arange(np.prod(shape)) * 37 % 101 - 50).astype(np.int8).reshape(shape)


def convolution(image: tuple[int, ...], weights: tuple[int, ...], biased: bool = True, **options: Any) -> ChipCall:
    """A convolution of random contents: depthwise if the weights begin with a one and end with the channels."""
    depthwise = options.pop("depthwise", False)
    filters = weights[-1] if depthwise else weights[0]
    prepare: Callable[..., Any] = depthwise_conv2d.prepare if depthwise else conv2d.prepare
    options = {"padding": Padding.VALID, "stride_h": 1, "stride_w": 1, **options}
    if depthwise:
        options["depth_multiplier"] = filters // image[3]
    sizes = []
    for axis, letter in ((1, "h"), (2, "w")):
        stride, dilation = options[f"stride_{letter}"], options.get(f"dilation_{letter}_factor", 1)
        sizes.append(compute_padding(options["padding"], image[axis], weights[axis], stride, dilation)[0])
    params = prepare(
        input_shape=image,
        weights_shape=weights,
        output_shape=(image[0], *sizes, filters),
        input_quant=QuantParam(1.0, -7),
        weights_quant=PerChannelQuantParam((2.0**-8,) * filters, (0,) * filters, 3 if depthwise else 0),
        output_quant=QuantParam(1.0, 0),
        **options,
    )
    bias = np.full(filters, 3000, np.int32) if biased else None
    return wired_convolution(params, int8(*image), int8(*weights), bias)


def depthwise(image: tuple[int, ...], kernel: tuple[int, int], **options: Any) -> ChipCall:
    return convolution(image, (1, *kernel, image[3]), depthwise=True, **options)


def misaligned_row() -> ChipCall:
    params = fully_connected.prepare(
        input_shape=(1, 8),
        weights_shape=(1, 8),
        output_shape=(1, 1),
        input_quant=QuantParam(1.0, 0),
        weights_quant=QuantParam(2.0**-8, 0),
        output_quant=QuantParam(1.0, 0),
    )
    return wired_fully_connected(params, int8(1, 8), int8(1, 8), None, offsets=(1, 0, 0))


def softmax_of_two_rows() -> ChipCall:
    rows = np.full((2, 33), -20, np.int8)
    rows[1, 31] = 20
    return softmax_call(rows, 1 / 16)


def product(first: list[int], second: list[int], zero_point: int, scale: float = 0.5) -> ChipCall:
    values = np.array(first, np.int8), np.array(second, np.int8)
    return mul_call(values, (QuantParam(scale, 0), QuantParam(1.0, 0), QuantParam(1.0, zero_point)))


SAME, UNITS = Padding.SAME, (QuantParam(1.0, 0), QuantParam(1.0, 0), QuantParam(2.0, 0))
STRIDE_2: dict[str, Any] = {"stride_h": 2, "stride_w": 2}

# Of each fault a device and a call.
SMALLEST: Mapping[str, tuple[EspBackend, Callable[[], ChipCall]]] = {
    "dilation": (ESP32["rust"], lambda: convolution((1, 1, 3, 1), (1, 1, 2, 1), dilation_w_factor=2)),
    "mul-broadcast": (S3["rust"], lambda: mul_call((int8(2, 3), int8(2, 1)), UNITS)),
    "guessed-scratch": (S3["rust"], lambda: depthwise((1, 3, 3, 16), (3, 3), **STRIDE_2)),
    "groups": (P4["tflm"], lambda: convolution((1, 1, 1, 2), (2, 1, 1, 1))),
    "odd-padding": (S3["rust"], lambda: convolution((1, 1, 2, 1), (1, 1, 4, 1), padding=SAME)),
    "narrow-input": (S3["rust"], lambda: convolution((1, 2, 2, 5), (1, 2, 3, 5), padding=SAME, **STRIDE_2)),
    "padding-rows": (S3["rust"], lambda: depthwise((1, 56, 56, 8), (5, 5), padding=SAME)),
    "one-sided-padding": (S3["tflm"], lambda: depthwise((1, 2, 1, 16), (3, 3), padding=SAME, **STRIDE_2)),
    "large-unpadded": (S3["tflm"], lambda: depthwise((1, 56, 56, 16), (3, 3), padding=SAME, **STRIDE_2)),
    "no-bias": (S3["rust"], lambda: depthwise((1, 1, 1, 16), (3, 3), padding=SAME, biased=False)),
    "p4-depthwise": (P4["rust"], lambda: depthwise((1, 1, 1, 257), (1, 1))),
    "p4-first-layer": (P4["tflm"], lambda: convolution((1, 1, 1, 1), (1, 3, 3, 1), padding=SAME)),
    "p4-last-row": (P4["rust"], lambda: convolution((1, 1, 1, 8), (1, 2, 2, 8), padding=SAME)),
    "max-pool": (S3["rust"], lambda: pool_call("max_pool", int8(1, 1, 1, 1), (1, 1))),
    "max-pool-clamp": (S3["rust"], lambda: pool_call("max_pool", int8(1, 1, 1, 4), (1, 1), clamp=(0, 127))),
    "avg-pool": (S3["rust"], lambda: pool_call("avg_pool", np.full((1, 1, 257, 1), -128, np.int8), (1, 257))),
    "avg-pool-rows": (S3["rust"], lambda: pool_call("avg_pool", int8(1, 2, 1, 4), (1, 1))),
    "mul-tail": (S3["rust"], lambda: product([73], [1], -43)),
    "softmax-rows": (S3["rust"], softmax_of_two_rows),
    "softmax-flat": (S3["rust"], lambda: softmax_call(np.zeros((1, 512), np.int8), 1 / 16)),
    "p4-hard-swish": (
        P4["tflm"],
        lambda: hard_swish_call(np.arange(-128, 128).astype(np.int8), QuantParam(0.03, 0), QuantParam(0.25, 0)),
    ),
    "misaligned-input": (S3["tflm"], misaligned_row),
    "misaligned-output": (S3["rust"], lambda: add_call((int8(12), int8(12)), UNITS, offsets=(0, 4))),
}


@pytest.fixture(scope="module")
def servers(shared: Path) -> Iterator[Mapping[str, ChipServer]]:
    folder = built_servers(shared)
    with ChipServer(folder / "srv_s3_0") as s3, ChipServer(folder / "srv_p4_0") as p4:
        yield {"esp32s3": s3, "esp32p4": p4, "esp32": s3}


def on_chip(call: ChipCall, backend: EspBackend, servers: Mapping[str, ChipServer]) -> tuple[Answer, Int8Array]:
    """What the chip makes of a call, with the scratch that the driver reserves, and what the model says."""
    params, chip = call.params, backend.chip
    reserved = params.scratch_size(type(backend))
    params.scratch = memory(reserved)
    getattr(backend, call.method)(params)
    usable = max(reserved - 16, 0)
    if backend.driver == "tflm":
        convolves = isinstance(params, Conv2dParams | DepthwiseConv2dParams)
        usable = asked_by(backend.target(), "1.2.3", params) if convolves else reserved
    if backend.driver == "rust":
        variant = Variant.ANSI if chip == "esp32" else Variant.CHIP_AS_RUST_DRIVES_IT
    else:
        variant = Variant.GENERIC if chip == "esp32" else Variant.CHIP
    return call.on_chip(servers[chip], variant, usable), params.output.reshape(-1)


def test_every_fault_of_a_kernel_has_a_smallest_call() -> None:
    assert set(SMALLEST) | BOUNDS == set(FAULTS)
    assert not set(SMALLEST) & BOUNDS


@pytest.mark.parametrize("name", SMALLEST)
def test_a_named_fault_is_real(name: str, servers: Mapping[str, ChipServer]) -> None:
    backend, make = SMALLEST[name]
    call = make()
    answer, expected = on_chip(call, backend, servers)
    found = find_faults(backend.target(), "1.2.3", call.method, call.params, spot_of(call.params))
    assert [fault.name for fault in found] == [name]
    assert not answer.is_sound or not np.array_equal(answer.output, expected)


@pytest.mark.parametrize("name", ["guessed-scratch", "one-sided-padding", "large-unpadded", "p4-first-layer"])
def test_a_kernel_that_needs_more_scratch_than_is_reserved_overruns_it(
    name: str, servers: Mapping[str, ChipServer]
) -> None:
    backend, make = SMALLEST[name]
    assert on_chip(make(), backend, servers)[0].overran_its_scratch


@pytest.mark.parametrize("name", ["one-sided-padding", "large-unpadded", "p4-first-layer"])
def test_under_tflm_the_class_asks_for_what_such_a_kernel_touches(name: str, servers: Mapping[str, ChipServer]) -> None:
    backend, make = SMALLEST[name]
    call = make()
    needed = call.params.scratch_size(type(backend))
    answer = call.on_chip(servers[backend.chip], Variant.CHIP, needed)
    assert not answer.overran_its_scratch
    assert answer.touched == needed


def test_grouped_convolutions_are_wrong_on_generic_kernels_too(servers: Mapping[str, ChipServer]) -> None:
    call = convolution((1, 1, 1, 2), (2, 1, 1, 1))
    answer, expected = on_chip(call, ESP32["tflm"], servers)
    found = find_faults(ESP32["tflm"].target(), "1.2.3", "conv2d", call.params)
    assert [fault.name for fault in found] == ["groups"]
    assert not np.array_equal(answer.output, expected)


@pytest.mark.parametrize(
    "backend",
    [ESP32["rust"], ESP32["tflm"], P4["tflm"], EspBackend(force_ansi=("softmax",), faults="ignore")],
    ids=["ansi", "generic", "esp32p4", "forced ansi"],
)
def test_a_softmax_of_many_alike_is_wrong_on_all_kernels(
    backend: EspBackend, servers: Mapping[str, ChipServer]
) -> None:
    call = softmax_call(np.zeros((1, 512), np.int8), 1 / 16)
    answer, expected = on_chip(call, backend, servers)
    found = find_faults(backend.target(), "1.2.3", "softmax", call.params)
    assert [fault.name for fault in found] == ["softmax-flat"]
    assert not answer.is_sound or not np.array_equal(answer.output, expected)


def test_the_second_image_of_a_batch_may_be_misaligned_where_the_first_is_not(
    servers: Mapping[str, ChipServer],
) -> None:
    call = depthwise((2, 1, 5, 8), (1, 1))
    answer, expected = on_chip(call, S3["tflm"], servers)
    found = find_faults(S3["tflm"].target(), "1.2.3", "depthwise_conv2d", call.params, spot_of(call.params))
    assert [fault.name for fault in found] == ["misaligned-input"]
    assert np.array_equal(answer.output[:40], expected[:40])
    assert not np.array_equal(answer.output[40:], expected[40:])


def test_the_tail_of_a_product_rounds_negative_ties_another_way_after_vectors_too(
    servers: Mapping[str, ChipServer],
) -> None:
    call = product([0] * 8 + [-74], [1] * 9, 0, scale=0.25)
    answer, expected = on_chip(call, S3["rust"], servers)
    assert (answer.output[-1], expected[-1]) == (-18, -19)


@pytest.mark.parametrize("pixels", [1, 6, 8])
def test_a_misaligned_pointwise_convolution_is_wrong_however_few_its_pixels(
    pixels: int, servers: Mapping[str, ChipServer]
) -> None:
    plain = convolution((1, 1, pixels, 8), (5, 1, 1, 8))
    call = wired_convolution(plain.params, int8(1, 1, pixels, 8), int8(5, 1, 1, 8), None, offsets=(4, 0, 0))
    answer, expected = on_chip(call, S3["tflm"], servers)
    found = find_faults(S3["tflm"].target(), "1.2.3", "conv2d", call.params, spot_of(call.params))
    assert [fault.name for fault in found] == ["misaligned-input"]
    assert not answer.is_sound or not np.array_equal(answer.output, expected)
