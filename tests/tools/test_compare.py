"""Comparing two sides layer by layer: what is found, named and explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import Conv2dParams, Program, QuantParam, RecordingBackend
from ember_infer_core.quantization import quantize
from ember_infer_core.samples import random_inputs
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from ember_infer_tools.compare import Comparison, compare
from ember_infer_tools.compare.inputs import load_inputs
from ember_infer_tools.tflite_writer import ModelWriter, pack_model
from tests.conftest import REPOSITORY
from tests.support.samples import every_operator, two_branches
from tests.tools.comparing import DIGITS, REF, OffByOne, shown

ESP = "ember_esp:EspBackend"
OTHER_ROUNDINGS = ("single", "float")
Int8Array = npt.NDArray[np.int8]

# person_detect's bias tensors have an odd quantized_dimension.
pytestmark = pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")


def held_out_digits(count: int) -> Int8Array:
    with np.load(REPOSITORY / "models" / "digits_heldout.npz") as held_out:
        images = held_out["images"][:count]
    program = load_program(DIGITS)
    quant = program.tensors[program.inputs[0]].quant
    assert isinstance(quant, QuantParam)
    return quantize(images, quant)


# Equal and different, on real samples


@pytest.mark.parametrize(("name", "count"), [("sine", 256), ("speech", 6), ("person_detect", 3)])
def test_published_models_equal_tflm_at_every_layer(tflm_wheel: None, shared: Path, name: str, count: int) -> None:
    inputs = load_inputs(shared / "golden" / f"{name}.npz")[0][:count]
    found = compare(shared / "models" / f"{name}.tflite", REF, "tflm", inputs)
    layers = load_program(shared / "models" / f"{name}.tflite").calls
    assert found.equal
    assert found.samples == count
    for mode in (found.layer_by_layer, found.end_to_end):
        assert [layer.layer for layer in mode] == [call.name for call in layers]
        for layer in mode:
            assert layer.difference is not None
            assert layer.difference.elements == count * np.prod(layer.shape)


def test_digits_equal_tflm_at_every_layer(tflm_wheel: None, digits: Program) -> None:
    found = compare(DIGITS, "tflm", REF, held_out_digits(8))
    assert found.equal
    assert (found.first_faulty, found.first_different) == (None, None)
    assert len(found.layer_by_layer) == len(digits.calls)
    assert found.a.startswith("TensorFlow Lite Micro 0.dev")


@pytest.mark.parametrize("name", ["speech", "person_detect"])
def test_the_first_layer_that_litert_rounds_otherwise_is_named_with_its_dialect(
    litert: None, shared: Path, name: str
) -> None:
    path = shared / "models" / f"{name}.tflite"
    inputs = load_inputs(shared / "golden" / f"{name}.npz")[0][:6]
    found = compare(path, REF, "litert", inputs)
    assert not found.equal
    assert found.first_faulty is not None
    assert found.first_faulty.layer == load_program(path).calls[0].name
    assert found.dialects("a") == ("double",)
    assert "float" in found.dialects("b")
    assert compare(path, f"{REF},rounding=float", "litert", inputs).layer_by_layer[0].difference == _nothing(found)
    if name == "person_detect":
        assert "14 quantized_dimension fields" in found.notes[0]


def _nothing(found: Comparison) -> object:
    difference = found.layer_by_layer[0].difference
    assert difference is not None
    return replace(difference, different=0, largest=0, histogram={}, first=None, worst=None)


def test_esp_backend_equals_the_reference_until_it_skips_the_nudge(esp: None, shared: Path) -> None:
    path = shared / "models" / "person_detect.tflite"
    inputs = load_inputs(shared / "golden" / "person_detect.npz")[0][:3]
    assert compare(path, REF, ESP, inputs).equal
    found = compare(path, REF, f"{ESP},skip_nudge=True", inputs)
    assert found.first_faulty is not None
    assert found.first_faulty.layer == "mobilenetv1_conv2d_1_pointwise_relu6"
    assert (found.dialects("a"), found.dialects("b")) == (("double",), ("no-nudge",))


@pytest.mark.parametrize("make", [every_operator, two_branches])
def test_models_with_branches_reshapes_and_constants_can_be_compared(tflm_wheel: None, make: Callable[[], Any]) -> None:
    model = pack_model(make())
    found = compare(model, REF, "tflm", samples=20)
    assert found.equal
    assert len(found.outputs) == len(load_program(model).outputs)
    assert all(layer.difference is not None for layer in (*found.layer_by_layer, *found.end_to_end))


def test_several_inputs_and_outputs_reach_litert_in_order(tflm_wheel: None, litert: None) -> None:
    found = compare(pack_model(two_branches()), REF, "litert", samples=20)
    assert len(found.outputs) == 2
    assert all(layer.difference is not None and layer.difference.largest <= 1 for layer in found.layer_by_layer)


# Finding the faulty kernel


def test_a_faulty_layer_is_found_exactly_and_its_error_is_seen_to_grow(digits: Program) -> None:
    faulty = next(index for index, call in enumerate(digits.calls) if call.name == "conv3")
    params = digits.calls[faulty].params
    assert isinstance(params, Conv2dParams)
    found = compare(DIGITS, REF, OffByOne(params.weights_shape, position=5, step=40), samples=3)
    assert [layer.layer for layer in found.layer_by_layer if layer.differs] == ["conv3"]
    assert not any(layer.differs for layer in found.end_to_end[:faulty])
    assert found.first_faulty is not None
    assert found.first_faulty.difference is not None
    assert (found.first_faulty.difference.different, found.first_faulty.difference.elements) == (3, 3 * 4 * 4 * 32)
    assert found.first_faulty.difference.first is not None
    assert found.first_faulty.difference.first.coordinates == (0, 0, 0, 5)
    assert found.first_faulty.b is not None
    assert (found.first_faulty.b.exact, set(found.first_faulty.b.shares.values())) == ((), {0.0})
    assert found.first_different is not None
    assert found.first_different.layer == "conv3"
    spread = found.end_to_end[faulty + 1].difference
    assert spread is not None
    assert spread.different > 3


def test_coordinates_values_and_histogram_are_those_of_the_elements(digits: Program) -> None:
    inputs = random_inputs(digits, 2, seed=3)[0]
    recording = RecordingBackend(RefBackend())
    executable = recording.compile(digits)
    shape = digits.calls[0].params.weights_shape  # type: ignore[attr-defined]
    found = compare(DIGITS, REF, OffByOne(shape, position=17), inputs)
    expected = []
    for sample in inputs:
        executable.inputs[0][...] = sample
        executable.run()
        expected.append(int(recording.last.layers[0].outputs["output"][0, 0, 1, 1]))
    assert found.first_faulty is not None
    difference = found.first_faulty.difference
    assert difference is not None
    assert difference.first is not None
    assert (difference.first.sample, difference.first.coordinates) == (0, (0, 0, 1, 1))
    assert (difference.first.a, difference.first.b) == (expected[0], (expected[0] + 1 + 128) % 256 - 128)
    assert sum(difference.histogram.values()) == difference.different == 2
    assert difference.largest == max(map(abs, difference.histogram))


def test_layers_before_the_fault_are_fed_the_references_tensors(digits: Program) -> None:
    """Two faults: end to end the second hides in the first's wake, layer by layer both show."""

    class Twice(OffByOne):
        def softmax(self, params: Any) -> None:
            super().softmax(params)
            params.output.reshape(-1).view(np.uint8)[0] ^= 1

    found = compare(DIGITS, REF, Twice(digits.calls[0].params.weights_shape), samples=2)  # type: ignore[attr-defined]
    assert [layer.layer for layer in found.layer_by_layer if layer.differs] == ["conv1", "probabilities"]


# Dialects


@pytest.mark.parametrize("rounding", OTHER_ROUNDINGS)
def test_a_backend_that_rounds_otherwise_is_told_so(rounding: Any) -> None:
    found = compare(DIGITS, REF, RefBackend(rounding=rounding), samples=20)
    assert found.dialects("a") == ("double",)
    assert rounding in found.dialects("b")
    swapped = compare(DIGITS, RefBackend(rounding=rounding), REF, samples=20)
    assert (swapped.dialects("a"), swapped.dialects("b")) == (found.dialects("b"), found.dialects("a"))


class WithoutNudge(RefBackend):
    """ESP-NN with SKIP_NUDGE, element by element, straight from its rule."""

    def conv2d(self, params: Conv2dParams) -> None:
        super().conv2d(params)
        _, height, width, depth = params.input_shape
        assert params.bias is not None
        for position in range(height * width // 8 * 8):
            y, x = divmod(position, width)
            for channel in range(params.weights_shape[0]):
                total = int(params.bias[channel])
                for k in range(depth):
                    total += (int(params.input[0, y, x, k]) + params.input_offset) * int(
                        params.weights[channel, 0, 0, k]
                    )
                shift = int(params.output_shift[channel])
                high = ((total << max(shift, 0)) * int(params.output_multiplier[channel])) >> 31
                right = max(-shift, 0)
                value = (high + 2 ** (right - 1) - (high < 0)) >> right if right else high
                clamped = min(max(value + params.output_offset, params.activation_min), params.activation_max)
                params.output[0, y, x, channel] = clamped


def pointwise_model() -> bytes:
    """A 1x1 convolution over 3 x 3 positions, eight of which ESP-NN computes its own way."""
    random = np.random.default_rng(11)
    writer = ModelWriter()
    image = writer.tensor("image", (1, 3, 3, 8), scale=0.5, zero_point=3)
    scales = [float(scale) for scale in random.uniform(0.002, 0.02, 64)]
    filters = writer.tensor(
        "filters", (64, 1, 1, 8), scales=scales, data=random.integers(-127, 128, (64, 1, 1, 8), np.int8)
    )
    bias = writer.tensor(
        "bias", (64,), "int32", scales=[0.5 * s for s in scales], data=random.integers(-500, 500, 64, np.int32)
    )
    output = writer.tensor("output", (1, 3, 3, 64), scale=0.3, zero_point=-10)
    writer.conv2d(image, filters, bias, output, activation="RELU6")
    return writer.finish([image], [output])


def test_esp_nn_without_the_nudge_is_recognised(tflm_wheel: None) -> None:
    found = compare(pointwise_model(), REF, WithoutNudge(), samples=30)
    assert not found.equal
    assert found.dialects("a") == ("double",)
    assert "no-nudge" in found.dialects("b")
    assert compare(pointwise_model(), WithoutNudge(), REF, samples=30).dialects("b") == ("double",)


def test_an_operator_without_dialects_is_not_explained() -> None:
    class OtherSoftmax(RefBackend):
        def softmax(self, params: Any) -> None:
            super().softmax(params)
            params.output[...] ^= 1

    found = compare(DIGITS, REF, OtherSoftmax())
    assert found.first_faulty is not None
    assert (found.first_faulty.layer, found.first_faulty.a, found.first_faulty.b) == ("probabilities", None, None)
    assert "not of softmax" in shown(found)
