"""Two drivers and four chips: which class, which kernels, how much scratch."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from ember_esp import Esp32Backend, Esp32C3Backend, EspBackend, EspP4Backend
from ember_infer_core import Program, QuantParam
from ember_infer_core.ops import hard_swish, logistic, mean, relu, relu6
from ember_infer_macros import QuantizedModel, ember_model, load_program
from ember_infer_ref import RefBackend
from esp_cases import convolution_model, pool_model

TFLM = EspBackend.of(driver="tflm")


@ember_model("../../models/digits.tflite")
class DigitsModel(QuantizedModel): ...


# Classes


def test_what_scratch_depends_on_belongs_to_a_class() -> None:
    assert type(EspBackend(driver="tflm")) is EspBackend.of(driver="tflm") is TFLM
    assert EspBackend.of() is EspBackend.of(driver="rust") is TFLM.of(driver="rust") is EspBackend
    assert EspBackend.of("esp32p4", driver="tflm") is EspP4Backend.of(driver="tflm") is TFLM.of("esp32p4")
    assert EspBackend.of(force_ansi=["mul", "add"]) is EspBackend.of(force_ansi=("add", "mul"))
    assert type(EspBackend("esp32")) is Esp32Backend
    assert type(EspBackend("esp32c3")) is Esp32C3Backend


def test_a_class_of_a_user_s_own_takes_a_driver_too() -> None:
    class Mine(EspBackend):
        pass

    mine = Mine(driver="tflm")
    assert isinstance(mine, Mine)
    assert mine.driver == "tflm"
    with pytest.raises(ValueError, match="Mine is for the chip 'esp32s3', not 'esp32'"):
        Mine("esp32", driver="tflm")


@pytest.mark.parametrize(
    ("chip", "arguments"),
    [(None, {"driver": "rust"}), ("esp32p4", {}), (None, {"driver": "rust", "force_ansi": ("add",)})],
)
def test_a_class_that_was_made_makes_no_other_instances(chip: Any, arguments: dict[str, Any]) -> None:
    """They would come without their attributes: Python initialises instances of the class that it was asked for."""
    with pytest.raises(ValueError, match=r"these arguments are those of .*, not of EspBackend\.of\(driver='tflm'\)"):
        TFLM(chip, **arguments)
    assert TFLM().driver == TFLM(driver="tflm").driver == "tflm"


@pytest.mark.parametrize(
    "backend",
    [
        EspBackend(driver="tflm", faults="warn"),
        EspP4Backend(force_ansi=["pool", "add"]),
        EspBackend("esp32c3", driver="tflm"),
    ],
)
def test_backends_of_made_classes_can_be_copied_and_pickled(backend: EspBackend) -> None:
    for other in (copy.deepcopy(backend), pickle.loads(pickle.dumps(backend))):
        assert type(other) is type(backend)
        assert repr(other) == repr(backend)


def test_what_was_asked_for_can_be_seen() -> None:
    forced = EspBackend(force_ansi=["mul", "conv2d"])
    assert (forced.driver, forced.force_ansi) == ("rust", ("conv2d", "mul"))
    assert "driver='tflm'" in repr(EspBackend(driver="tflm"))
    assert "force_ansi=('conv2d', 'mul')" in repr(forced)


@pytest.mark.parametrize("chip", ["esp32s3", "esp32p4", "esp32", "esp32c3"])
@pytest.mark.parametrize("driver", ["rust", "tflm"])
def test_every_chip_computes_the_model_on_every_driver(chip: Any, driver: Any) -> None:
    image = np.random.default_rng(1).integers(-128, 128, DigitsModel.input_shape(), np.int8)
    answers = []
    for backend in (RefBackend(), EspBackend(chip, driver=driver, faults="ignore")):
        output = np.empty(10, np.int8)
        DigitsModel.predict_quantized(backend, image, output)
        answers.append(output.tolist())
    assert answers[0] == answers[1]


# Scratch


def scratch(program: Program, backend: type[EspBackend]) -> int:
    return program.scratch_len(backend)


def test_tflm_asks_for_what_the_model_s_stride_takes_and_aligns_nothing() -> None:
    # Depthwise 3x3 of 16 channels, 5x5 to 2x2 at stride 2: 9*16 weights; a reach of 2*2+2-5 = 1 each way, 6*6*16.
    program = convolution_model((1, 5, 5, 16), 16, (3, 3), depthwise=True, padding="VALID", stride_h=2, stride_w=2)
    assert scratch(program, TFLM) == 144 + 6 * 6 * 16 + 16


def test_the_rust_driver_guesses_a_stride_of_one_for_a_single_output() -> None:
    program = convolution_model((1, 3, 3, 16), 16, (3, 3), depthwise=True, padding="VALID", stride_h=2, stride_w=2)
    assert scratch(program, EspBackend) == 144 + 16 + 16
    # The reach: 1*2+2-3 = 1 each way.
    assert scratch(program, TFLM) == 144 + 4 * 4 * 16 + 16


def test_a_first_layer_on_the_esp32p4_asks_for_what_its_kernel_touches() -> None:
    program = convolution_model((1, 8, 8, 1), 16, (3, 3))
    assert scratch(program, EspP4Backend) == 2516
    # Sums, weights of 16 channels, and 7+3+1 rows of 10 pixels of 16 channels.
    assert scratch(program, EspP4Backend.of(driver="tflm")) == 4 * 16 + 9 * 16 * 16 + 11 * 10 * 16


def test_forced_ansi_kernels_ask_for_nothing() -> None:
    program = convolution_model((1, 8, 8, 16), 8, (3, 3))
    assert scratch(program, EspBackend) > 0
    assert scratch(program, EspBackend.of(force_ansi=["conv2d"])) == 0
    assert scratch(program, EspBackend.of(force_ansi=["depthwise_conv2d"])) > 0
    assert EspBackend.of(force_ansi=["softmax"]).softmax_scratch_size(10) == 0


@pytest.mark.parametrize("backend", [Esp32Backend, Esp32C3Backend])
def test_generic_kernels_ask_for_a_softmax_s_row_alone(backend: type[EspBackend]) -> None:
    program = convolution_model((1, 8, 8, 16), 8, (3, 3))
    assert scratch(program, backend) == scratch(program, backend.of(driver="tflm")) == 0
    assert backend.of(driver="tflm").softmax_scratch_size(10) == 40
    assert backend.softmax_scratch_size(10) == 0  # ANSI C


def test_functions_of_one_element_ask_for_what_esp_nn_says_of_them() -> None:
    shapes: dict[str, Any] = {"input_shape": (4,), "output_shape": (4,), "input_quant": QuantParam(0.05, 0)}
    swish = hard_swish.prepare(**shapes, output_quant=QuantParam(0.05, 0))
    sigmoid = logistic.prepare(**shapes, output_quant=QuantParam(1 / 256, -128))
    other = relu.prepare(**shapes, output_quant=QuantParam(0.05, 0))
    assert [TFLM.scratch_size(params) for params in (swish, sigmoid, other)] == [512, 256, 0]
    p4 = EspP4Backend.of(driver="tflm")
    assert [p4.scratch_size(params) for params in (swish, sigmoid, other)] == [0, 256, 0]
    assert [EspBackend.scratch_size(params) for params in (swish, sigmoid, other)] == [0, 0, 0]


def test_means_and_relu6_need_none() -> None:
    pooled = mean.prepare(mean=True, input_shape=(1, 4, 4, 8), output_shape=(1, 8), axes=(1, 2), **quants(1.0))
    clamp = relu6.prepare(input_shape=(4,), output_shape=(4,), **quants(1.0))
    assert TFLM.scratch_size(pooled) == TFLM.scratch_size(clamp) == 0


def quants(scale: float) -> dict[str, Any]:
    return {"input_quant": QuantParam(scale, 0), "output_quant": QuantParam(scale, 0)}


# Kernels


def test_ansi_layers_follow_the_driver() -> None:
    padded = pool_model("max_pool", (1, 6, 6, 6), 3, padding="SAME")
    assert EspBackend().ansi_layers(padded) == {"pool": "padding"}
    assert EspBackend(driver="tflm").ansi_layers(padded) == {"pool": "channels not a multiple of 4"}
    assert EspP4Backend().ansi_layers(padded) == {}
    assert EspBackend("esp32").ansi_layers(padded) == {"pool": "there are no others for this chip"}
    assert EspBackend("esp32p4", force_ansi=["pool"]).ansi_layers(padded) == {"pool": "force_ansi"}


def test_a_forced_ansi_kernel_has_no_fault_of_the_chip_s() -> None:
    program = pool_model("max_pool", (1, 6, 6, 6), 2)
    EspBackend(force_ansi=["pool"]).compile(program).run()


def test_scratch_that_another_layer_reserves_is_no_fault() -> None:
    # In a program of its own the depthwise layer overruns what the Rust driver guesses; softmax reserves enough here.
    from ember_infer_tools.tflite_writer import ModelWriter

    writer = ModelWriter()
    taps = np.zeros((1, 3, 3, 16), np.int8)
    image = writer.tensor("image", (1, 3, 3, 16), scale=0.5, zero_point=0)
    weights = writer.tensor("taps", taps.shape, scale=0.02, data=taps)
    bias = writer.tensor("bias", (16,), "int32", scale=0.01, data=np.zeros(16, np.int32))
    narrow = writer.tensor("narrow", (1, 1, 1, 16), scale=1.0, zero_point=0)
    writer.depthwise_conv2d(image, weights, bias, narrow, padding="VALID", stride_h=2, stride_w=2)
    row = writer.tensor("row", (1, 200), scale=0.5, zero_point=0)
    answer = writer.tensor("answer", (1, 200), scale=1 / 256, zero_point=-128)
    writer.softmax(row, answer)
    EspBackend().compile(load_program(writer.finish([image, row], [narrow, answer])))
