"""What ``inspect`` finds worth a warning or a hint."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core.slots import OperatorParams
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from ember_infer_tools.inspect import inspect_model
from ember_infer_tools.inspect.checks import CHECKS
from ember_infer_tools.tflite_writer import ModelWriter
from tests.support.lstm_models import LstmModel
from tests.tools.inspecting import DIGITS, dense_model, found

INT32_MAX = 2**31 - 1


class FaultyBackend(RefBackend):
    """Knows of a fault in the kernels it stands for."""

    @classmethod
    def known_faults(cls, method: str, params: OperatorParams) -> Sequence[str]:
        return ["the last class is lost"] if method == "softmax" else []


def conv_model(size: int, filters: int = 16, depth: int = 16, **options: Any) -> bytes:
    """One 3x3 convolution with random weights over a square image."""
    weights = np.random.default_rng(0).integers(-127, 128, (filters, 3, 3, depth), np.int8)
    stride = options.get("stride_h", 1)
    output = -(-size // stride) if options.get("padding", "SAME") == "SAME" else size - 2
    writer = ModelWriter()
    source = writer.tensor("x", (1, size, size, depth), scale=0.5, zero_point=0)
    weight = writer.tensor("w", weights.shape, scale=0.01, data=weights)
    result = writer.tensor("y", (1, output, output, filters), scale=20.0, zero_point=0)
    writer.conv2d(source, weight, None, result, **options)
    return writer.finish([source], [result])


def outputs_over(model: bytes, inputs: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    executable = RefBackend().compile(load_program(model))
    rows = []
    for row in inputs:
        executable.inputs[0][...] = row.reshape(executable.inputs[0].shape)
        executable.run()
        rows.append(executable.outputs[0].reshape(-1).copy())
    return np.array(rows)


def test_the_projects_own_digits_model_gives_no_warning() -> None:
    assert {finding.level for finding in inspect_model(DIGITS, [RefBackend]).findings} == {"hint"}


def test_every_check_has_a_name_of_its_own_and_a_consequence() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.consequence for check in CHECKS)


@pytest.mark.parametrize("input_zero_point", [0, -128, 5])
def test_the_bound_of_the_accumulator_is_exact(tflm_wheel: None, input_zero_point: int) -> None:
    weights = [[127, -3, 0, 50], [-128, 7, 1, 2]]
    sums = [
        [sum((x - input_zero_point) * w for x, w in zip(xs, row, strict=True)) for row in weights]
        for xs in itertools.product((-128, 127), repeat=4)
    ]
    high = max(row[0] for row in sums)
    low = min(row[1] for row in sums)
    for slack, wanted in ((0, False), (1, True)):
        bias = [INT32_MAX - high + slack, -INT32_MAX - 1 - low - slack]
        model = dense_model(weights, bias, input_zero_point=input_zero_point, output_scale=1e6)
        assert ("accumulator-overflow" in found(model)) is wanted


def test_a_left_shift_counts_towards_the_overflow(tflm_wheel: None) -> None:
    # The multiplier is 0.5 * 0.25 / output scale: its shift is 27 for 2**-29, and 254 << 27 leaves int32.
    assert "accumulator-overflow" not in found(dense_model([[2]], output_scale=2.0**-25))
    assert "accumulator-overflow" in found(dense_model([[2]], output_scale=2.0**-29))


def test_channels_that_say_nothing_are_told_by_their_reason(tflm_wheel: None) -> None:
    model = dense_model([[0, 0], [1, 1], [1, 1]], [5, 0, 2**24], scales=[0.25, 1e-12, 0.25])
    findings = {f.check: f for f in inspect_model(model, [RefBackend]).findings}
    assert findings["dead-channel"].what.startswith("1 of 3 channels (0)")
    assert findings["flushed-multiplier"].what.startswith("1 of 3 channels (1)")
    assert findings["stuck-channel"].what.startswith("1 of 3 channels (2)")
    assert findings["stuck-channel"].level == "hint"
    inputs = np.random.default_rng(0).integers(-128, 128, (300, 2), np.int8)
    assert (np.ptp(outputs_over(model, inputs).astype(int), axis=0) == 0).all()


def test_a_layer_that_no_input_moves_is_a_warning(tflm_wheel: None) -> None:
    model = dense_model([[1, 1], [1, 1]], [2**24, -(2**24)], scales=[0.25, 0.25])
    findings = {f.check: f for f in inspect_model(model, [RefBackend]).findings}
    assert findings["constant-layer"].what == "no input moves any of its 2 channels"
    assert findings["constant-layer"].level == "warning"
    assert "stuck-channel" not in findings
    inputs = np.random.default_rng(0).integers(-128, 128, (300, 2), np.int8)
    assert (np.ptp(outputs_over(model, inputs).astype(int), axis=0) == 0).all()


def test_the_values_an_output_can_take_are_reached_and_not_left(tflm_wheel: None) -> None:
    model = dense_model([[3, -2], [1, 4]], [10, -20], output_scale=4.0)
    (finding,) = [f for f in inspect_model(model, [RefBackend]).findings if f.check == "few-values"]
    corners = np.array(list(itertools.product((-128, 127), repeat=2)), np.int8)
    outputs = outputs_over(model, corners)
    assert finding.what.endswith(f"outside {outputs.min()} .. {outputs.max()}")
    assert "few-values" not in found(dense_model([[127, -128]], output_scale=8.0))


def test_multipliers_of_one_and_more_are_told(tflm_wheel: None) -> None:
    weights = [[127, -128]]
    assert "large-multiplier" in found(dense_model(weights, output_scale=0.125))  # 0.5 * 0.25 / 0.125
    assert "large-multiplier" not in found(dense_model(weights, output_scale=0.126))


def test_scales_that_lie_far_apart_are_told(tflm_wheel: None) -> None:
    weights = [[100, 100], [100, 100]]
    assert "wide-scales" in found(dense_model(weights, scales=[0.25, 0.0001]))
    assert "wide-scales" not in found(dense_model(weights, scales=[0.25, 0.001]))


def test_an_activation_that_is_no_clamp_is_told(tflm_wheel: None) -> None:
    assert "activation" in found(dense_model([[100, 100]], activation="TANH"))
    assert "activation" not in found(dense_model([[100, 100]], activation="RELU6"))


def test_what_nothing_uses_is_told(tflm_wheel: None) -> None:
    writer = ModelWriter()
    source = writer.tensor("x", (1, 4), scale=0.5, zero_point=0)
    ignored = writer.tensor("ignored", (1, 4), scale=0.5, zero_point=0)
    result = writer.tensor("y", (1, 4), scale=0.5, zero_point=0)
    lost = writer.tensor("lost", (1, 4), scale=0.5, zero_point=0)
    writer.tensor("stray", (2, 2), scale=0.5, data=np.ones((2, 2), np.int8))
    writer.add(source, source, result)
    writer.add(source, result, lost)
    report = inspect_model(writer.finish([source, ignored], [result]), [RefBackend])
    found_at = {f.check: (f.where, f.what) for f in report.findings}
    assert "ignored" in found_at["unused-input"][1]
    assert found_at["unused-operator"][0] == "operator 1 ADD"
    assert found_at["unused-tensor"] == ("tensor 4 'stray'", "no operator uses it, 4 bytes of content")


def test_odd_metadata_is_told(shared: Path) -> None:
    report = inspect_model(shared / "models" / "person_detect.tflite", [RefBackend])
    assert report.supported
    assert any(f.check == "odd-metadata" and "quantized_dimension" in f.what for f in report.findings)


def test_what_esp_nn_gets_wrong_is_told(tflm_wheel: None) -> None:
    assert found(conv_model(16)).isdisjoint({"dilation", "asymmetric-padding"})
    assert "dilation" in found(conv_model(16, dilation_h_factor=2, dilation_w_factor=2))
    # An even size leaves 0 + 1 rows at stride 2, which is right; 3x3 dilated by 2, 5 rows high, leaves 1 + 2.
    assert "asymmetric-padding" not in found(conv_model(16, stride_h=2, stride_w=2))
    dilated = conv_model(16, stride_h=2, stride_w=2, dilation_h_factor=2, dilation_w_factor=2)
    assert "asymmetric-padding" in found(dilated)


def test_a_backend_may_say_which_faults_its_kernels_have() -> None:
    findings = inspect_model(DIGITS, [FaultyBackend]).findings
    told = [(f.where, f.what) for f in findings if f.check == "known-fault"]
    assert told == [("operator 12 SOFTMAX", "FaultyBackend: the last class is lost")]


def test_sizes_that_vectors_do_not_divide_are_hints(tflm_wheel: None) -> None:
    assert found(conv_model(16)) == set()
    findings = inspect_model(conv_model(15, depth=12), [RefBackend]).findings
    assert {(f.check, f.level) for f in findings} == {("odd-channels", "hint"), ("odd-size", "hint")}
    assert any("12, is not a multiple of 8" in f.what for f in findings)
    assert any(f"{15 * 15 * 12} bytes" in f.what for f in findings)


def test_many_classes_are_told(tflm_wheel: None) -> None:
    for classes, wanted in ((511, False), (512, True)):
        writer = ModelWriter()
        source = writer.tensor("x", (1, classes), scale=0.5, zero_point=0)
        result = writer.tensor("y", (1, classes), scale=1 / 256, zero_point=-128)
        writer.softmax(source, result)
        assert ("many-classes" in found(writer.finish([source], [result]))) is wanted


def test_layers_that_older_firmware_scales_otherwise_are_told(tflm_wheel: None) -> None:
    # The product 0.1 * 0.3 has more bits than a float32; 0.5 * 0.25 has not.
    assert "older-firmware" in found(dense_model([[1, 2]], input_scale=0.1, scales=[0.3]))
    assert "older-firmware" not in found(dense_model([[1, 2]]))
    assert "older-firmware" not in found(dense_model([[1, 2], [3, 4]], input_scale=0.1, scales=[0.3, 0.7]))
    states = {"hidden": 1 / 128, "cell": 2.0**-12}
    assert "older-firmware" in found(LstmModel(scales={"data": 0.1, **states}).finish())
    assert "older-firmware" not in found(LstmModel(scales={"data": 0.5, **states}).finish())
