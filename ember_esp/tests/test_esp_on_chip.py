"""Every operator, chip and driver against ESP-NN's own kernels, translated from the chips' assembly.

A call for which no fault is named must equal the kernel byte for byte, and the kernel must stay inside the scratch that
the driver reserves. In a call for which one is named it need not differ: the smallest calls that do are in
``test_esp_faults_on_chip.py``, and how often it does is counted here (shown by ``pytest -s``).

A developer's run draws 60 calls of each operator, CI 2,000, ``EMBER_DEEP=1`` 20,000.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chip_calls import ChipCall
from chip_draws import DRAWERS, draw
from chip_server import ChipServer, Variant, built_servers
from ember_esp import EspBackend
from ember_esp.find_faults import find_faults
from ember_esp.geometry import Geometry
from ember_esp.placement import spot_of
from ember_esp.reserved import asked_by, guessed_by_rust
from ember_esp.target import Chip, Driver
from esp_cases import memory
from tests.support.effort import IN_CI, SEED, draws

CALLS = draws(ordinary=2000 if IN_CI else 60, deep=20_000)
VERSION = "1.2.3"
_SCRATCH_SIZE_OF = {"conv2d": 20, "depthwise_conv2d": 21, "softmax": 22}
_GENERIC = ("conv2d", "depthwise_conv2d", "softmax")


class Device:
    """A chip and its driver: what we predict of it, and the server that has its kernels."""

    def __init__(self, chip: Chip, driver: Driver, server: str, *, skip_nudge: bool = False) -> None:
        self.backend = EspBackend(chip, driver=driver, skip_nudge=skip_nudge, faults="ignore")
        self.server = server
        self.name = f"{chip} {driver}{' SKIP_NUDGE' if skip_nudge else ''}"
        self.target = self.backend.target()
        self.skip_nudge = skip_nudge

    def variant(self, call: ChipCall) -> int | None:
        """The kernel that the driver calls, by its own rules; None for one that is not ESP-NN's."""
        params: Any = call.params
        if self.target.driver == "rust":
            if call.method in ("hard_swish", "mean"):
                return None
            return Variant.CHIP_AS_RUST_DRIVES_IT if self.target.has_vector_kernels else Variant.ANSI
        if (getattr(params, "dilation_h_factor", 1), getattr(params, "dilation_w_factor", 1)) != (1, 1):
            return None
        if call.method == "mul" and params.input1_shape != params.input2_shape:
            return None
        if call.method.endswith("_pool") and params.input_shape[3] % 4:
            return Variant.ANSI
        if self.target.has_vector_kernels:
            return Variant.CHIP
        return Variant.GENERIC if call.method in _GENERIC else Variant.ANSI

    def takes(self, operator: str) -> bool:
        """Whether it is worth while: SKIP_NUDGE changes convolutions alone."""
        return operator == "conv2d" or not self.skip_nudge


DEVICES = (
    Device("esp32s3", "rust", "srv_s3_0"),
    Device("esp32s3", "tflm", "srv_s3_0"),
    Device("esp32s3", "rust", "srv_s3_1", skip_nudge=True),
    Device("esp32s3", "tflm", "srv_s3_1", skip_nudge=True),
    Device("esp32p4", "rust", "srv_p4_0"),
    Device("esp32p4", "tflm", "srv_p4_0"),
    # The ESP32-C3 has the same kernels, of which all are plain C.
    Device("esp32", "rust", "srv_s3_0"),
    Device("esp32", "tflm", "srv_s3_0"),
)


@pytest.fixture(scope="module")
def servers(shared: Path) -> Any:
    folder = built_servers(shared)
    with ExitStack() as stack:
        names = {device.server for device in DEVICES}
        yield {name: stack.enter_context(ChipServer(folder / name)) for name in names}


@pytest.mark.parametrize("operator", DRAWERS)
def test_a_call_without_a_named_fault_equals_the_kernel(operator: str, servers: Mapping[str, ChipServer]) -> None:
    tally: Counter[str] = Counter()
    for number in range(CALLS):
        call = draw(operator, SEED, number)
        for device in DEVICES:
            if device.takes(operator):
                compare(call, device, servers[device.server], tally, number)
    for line, count in sorted(tally.items()):
        print(f"{operator}: {line}: {count}")
    assert not any("DIFFERS" in line for line in tally)
    for device in DEVICES:
        if device.variant(draw(operator, SEED, 0)) is not None:
            assert tally[f"{device.name}: equal"] >= 0.3 * CALLS or not device.takes(operator)


def compare(call: ChipCall, device: Device, server: ChipServer, tally: Counter[str], number: int) -> None:
    variant = device.variant(call)
    if variant is None:
        tally[f"{device.name}: reference"] += 1
        return
    params = call.params
    reserved = params.scratch_size(type(device.backend))
    params.scratch, params.cache = memory(reserved), None
    params.output[...] = 77
    getattr(device.backend, call.method)(params)
    expected = params.output.reshape(-1)
    found = find_faults(device.target, VERSION, call.method, params, spot_of(params))
    usable = reserved_by_driver(call, device, server, reserved)
    answer = call.on_chip(server, variant, usable, number)
    equal = answer.is_sound and np.array_equal(answer.output, expected)
    if not found:
        tally[f"{device.name}: {'equal' if equal else 'DIFFERS'}"] += 1
        assert equal, (device.name, call.method, number, answer.flags, call.integers, usable, answer.touched)
    else:
        tally[f"{device.name}: {'+'.join(fault.name for fault in found)} {'harmless here' if equal else 'shows'}"] += 1


def reserved_by_driver(call: ChipCall, device: Device, server: ChipServer, reserved: int) -> int:
    """What the kernel finds at an aligned base: the Rust backend has taken 16 bytes more, to align it."""
    if device.target.driver == "rust":
        return max(reserved - 16, 0)
    if not device.target.has_vector_kernels or call.sizes is None:
        return reserved
    return server.scratch_size(_SCRATCH_SIZE_OF[call.method], call.sizes)


@pytest.mark.parametrize("operator", ["conv2d", "depthwise_conv2d"])
def test_scratch_is_what_the_kernels_ask_for(operator: str, servers: Mapping[str, ChipServer]) -> None:
    number = _SCRATCH_SIZE_OF[operator]
    for seed in range(CALLS):
        call = draw(operator, SEED + 1, seed)
        assert call.sizes is not None
        params = call.params
        g = Geometry.inferred(params.input_shape, params.weights_shape, params.output_shape)
        guessed = [*call.sizes[:9], g.stride_h, g.stride_w, g.pad_h, g.pad_w, call.sizes[-1]]
        for chip, server in (("esp32s3", servers["srv_s3_0"]), ("esp32p4", servers["srv_p4_0"])):
            target = EspBackend.of(chip).target()
            assert asked_by(target, VERSION, params) == server.scratch_size(number, call.sizes)
            assert guessed_by_rust(target, VERSION, params) == server.scratch_size(number, guessed)


def test_a_softmax_asks_for_four_bytes_a_class(servers: Mapping[str, ChipServer]) -> None:
    for classes in range(1, 200):
        for chip, server in (("esp32s3", servers["srv_s3_0"]), ("esp32p4", servers["srv_p4_0"])):
            asked = server.scratch_size(_SCRATCH_SIZE_OF["softmax"], [classes])
            assert EspBackend.of(chip, driver="tflm").softmax_scratch_size(classes) == asked
