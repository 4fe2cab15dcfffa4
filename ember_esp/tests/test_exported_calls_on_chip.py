"""What exported code calls of ESP-NN, on the chips: byte for byte TensorFlow Lite Micro's, within the scratch that the
arena has for it.

The kernels are ESP-NN's own, translated from the chips' assembly (``chip_server``). Whatever an export does not leave
to its reference kernels is tried on the ESP32-S3, the ESP32-P4 and with the generic kernels of the other chips.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chip_calls import ChipCall, wired_convolution, wired_fully_connected
from chip_draws import DRAWERS, draw
from chip_server import ChipServer, Placed, Variant, built_servers
from ember_esp.find_faults import find_faults
from ember_esp.target import Target
from ember_infer_core import FallbackBackend, Padding, PerChannelQuantParam, QuantParam
from ember_infer_core.ops import conv2d, depthwise_conv2d
from ember_infer_core.ops.windows import compute_padding
from ember_infer_core.single_call import program_of_call
from ember_infer_firmware.esp_nn import KERNELS
from ember_infer_firmware.plan import Plan, plan_program
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY
from tests.support.effort import IN_CI, SEED, draws, left_to_ci

CALLS = draws(ordinary=500 if IN_CI else 60, deep=20_000)
_GENERIC = ("conv2d", "depthwise_conv2d", "softmax")


@pytest.fixture(scope="module")
def servers(shared: Path) -> Iterator[Mapping[str, ChipServer]]:
    folder = built_servers(shared)
    with ExitStack() as stack:
        yield {name: stack.enter_context(ChipServer(folder / name)) for name in ("srv_s3_0", "srv_p4_0")}


def planned(call: ChipCall) -> Plan | None:
    """What an export does with a call, unless it leaves it to the reference kernels."""
    plan = plan_program(program_of_call(call.method, call.params), "call", "esp-nn")
    first = next(iter(plan.steps()))
    return plan if first.kernel.name.startswith("esp_nn_") else None


def as_exported(call: ChipCall) -> ChipCall:
    """The call with its operands where an export has them, at multiples of 16, and with a bias that does nothing."""
    buffers = [dataclasses.replace(buffer, offset=0) for buffer in call.buffers]
    if call.method == "depthwise_conv2d" and buffers[2].content is None:
        buffers[2] = Placed(np.zeros(call.params.weights_shape[3], np.int32))
    return dataclasses.replace(call, buffers=buffers, output_offset=0)


def assert_right_on_all_chips(call: ChipCall, plan: Plan, servers: Mapping[str, ChipServer], seed: int) -> None:
    params: Any = call.params
    params.cache = None
    getattr(RefBackend(), call.method)(params)
    wanted, length = params.output.reshape(-1), plan.scratch_len
    others = Variant.GENERIC if call.method in _GENERIC else Variant.ANSI
    chip = Variant.ANSI if next(iter(plan.steps())).kernel.name.endswith("_portable") else Variant.CHIP
    for server, variant, scratch in (
        ("srv_s3_0", chip, length.on("esp32s3")),
        ("srv_p4_0", chip, length.on("esp32p4")),
        ("srv_s3_0", others, length.plain),
    ):
        answer = as_exported(call).on_chip(servers[server], variant, scratch, seed)
        where = (server, variant, call.method, seed, call.integers)
        assert answer.is_sound, (*where, answer.flags, scratch, answer.touched)
        assert np.array_equal(answer.output, wanted), where


@pytest.mark.parametrize("operator", KERNELS)
def test_what_is_not_left_to_the_reference_kernels_is_right_on_all_chips(
    operator: str, servers: Mapping[str, ChipServer]
) -> None:
    taken = 0
    for number in range(CALLS):
        call = draw(operator, SEED + 2, number)
        plan = planned(call)
        if plan is not None:
            taken += 1
            assert_right_on_all_chips(call, plan, servers, number)
    assert taken >= CALLS // 2


def test_every_operator_is_drawn() -> None:
    assert KERNELS.keys() <= DRAWERS.keys()


# Kernels that write beyond the scratch that ESP-NN asks for.
OVERRUNS = [
    ("conv2d", "esp32p4", "p4-first-layer", (28, 28, 1), (3, 3), 8, Padding.SAME, (1, 1)),
    ("conv2d", "esp32p4", "p4-first-layer", (8, 8, 1), (3, 3), 16, Padding.SAME, (1, 1)),
    ("conv2d", "esp32p4", "p4-first-layer", (49, 10, 1), (5, 2), 24, Padding.SAME, (2, 2)),
    ("conv2d", "esp32p4", "p4-first-layer", (96, 96, 1), (3, 3), 8, Padding.SAME, (1, 1)),
    ("depthwise_conv2d", "esp32s3", "one-sided-padding", (7, 8, 16), (3, 3), 16, Padding.SAME, (1, 2)),
    ("depthwise_conv2d", "esp32s3", "one-sided-padding", (8, 9, 32), (3, 3), 32, Padding.SAME, (2, 1)),
    ("depthwise_conv2d", "esp32s3", "large-unpadded", (56, 56, 16), (3, 3), 16, Padding.SAME, (2, 2)),
    ("depthwise_conv2d", "esp32s3", "large-unpadded", (30, 34, 48), (3, 3), 48, Padding.SAME, (2, 2)),
]


@pytest.mark.parametrize(("operator", "chip", "fault", "image", "kernel", "filters", "padding", "stride"), OVERRUNS)
def test_kernels_that_overrun_what_esp_nn_asks_for_find_room(
    operator: str,
    chip: Any,
    fault: str,
    image: tuple[int, int, int],
    kernel: tuple[int, int],
    filters: int,
    padding: Padding,
    stride: tuple[int, int],
    servers: Mapping[str, ChipServer],
) -> None:
    random = np.random.default_rng(5)
    height, width, channels = image
    depthwise = operator == "depthwise_conv2d"
    rows, columns = (
        compute_padding(padding, size, taps, step)[0]
        for size, taps, step in zip((height, width), kernel, stride, strict=True)
    )
    weights_shape = (1, *kernel, filters) if depthwise else (filters, *kernel, channels)
    scales = tuple(float(scale) for scale in random.uniform(1e-4, 5e-3, filters))
    prepare: Any = depthwise_conv2d.prepare if depthwise else conv2d.prepare
    params = prepare(
        input_shape=(1, height, width, channels),
        weights_shape=weights_shape,
        output_shape=(1, rows, columns, filters),
        padding=padding,
        stride_h=stride[0],
        stride_w=stride[1],
        dilation_h_factor=1,
        dilation_w_factor=1,
        input_quant=QuantParam(1.0, -128),
        weights_quant=PerChannelQuantParam(scales, (0,) * filters, 3 if depthwise else 0),
        output_quant=QuantParam(1.0, 3),
        **({"depth_multiplier": 1} if depthwise else {}),
    )
    contents = [random.integers(-128, 128, shape, np.int8) for shape in ((1, *image), weights_shape)]
    call = wired_convolution(params, contents[0], contents[1], random.integers(-900, 900, filters).astype(np.int32))
    assert fault in [found.name for found in find_faults(Target(chip, "tflm"), "1.2.3", operator, params)]
    plan = planned(call)
    assert plan is not None
    assert_right_on_all_chips(call, plan, servers, 1)


class Layers:
    """A backend's methods that keep their calls, each with its input."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any, Any]] = []
        self._reference = RefBackend()

    def conv2d(self, params: Any) -> None:
        self._keep("conv2d", params)

    def depthwise_conv2d(self, params: Any) -> None:
        self._keep("depthwise_conv2d", params)

    def fully_connected(self, params: Any) -> None:
        self._keep("fully_connected", params)

    def _keep(self, method: str, params: Any) -> None:
        self.seen.append((method, copy.copy(params), params.input.copy()))
        getattr(self._reference, method)(params)


@left_to_ci
@pytest.mark.parametrize("model", ["sine", "digits", "speech", "person_detect", "vww_float_io", "mobilenet_v3_small"])
@pytest.mark.filterwarnings("ignore::ember_infer_core.ModelWarning")
def test_layers_of_models_are_right_on_all_chips(model: str, shared: Path, servers: Mapping[str, ChipServer]) -> None:
    """Of real sizes, with the weights and the sums of trained models."""
    folder = REPOSITORY if model == "digits" else shared
    layers = Layers()
    executable = FallbackBackend(layers, RefBackend()).compile(load_program(folder / "models" / f"{model}.tflite"))
    for buffer in executable.inputs:
        buffer[...] = np.random.default_rng(3).integers(-100, 101, buffer.shape)
    executable.run(np.zeros(executable.scratch_len, np.uint8))
    taken = 0
    for number, (method, params, image) in enumerate(layers.seen):
        wired = wired_fully_connected if method == "fully_connected" else wired_convolution
        call = wired(params, image, params.weights, params.bias)
        plan = planned(call)
        if plan is not None:
            taken += 1
            assert_right_on_all_chips(call, plan, servers, number)
    assert taken > 0.6 * len(layers.seen)
