"""The backend as an application meets it: made, swapped, shared between threads."""

from __future__ import annotations

import copy
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_esp import EspBackend, EspP4Backend
from ember_infer_core import InvalidShape, KeepsState, KernelBackend, UnsupportedOperator, quantize_multiplier
from ember_infer_core.conformance.ops.conv2d import plain_conv2d
from ember_infer_core.conformance.programs import one_call
from ember_infer_core.conformance.strategies import drawn
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend
from esp_cases import bound, convolution_model, published

BACKENDS = [RefBackend(), EspBackend(), EspP4Backend()]


@ember_model("../../models/sine.tflite")
class SineModel(QuantizedModel): ...


def test_swapping_the_backend_is_the_only_change() -> None:
    results = []
    for backend in BACKENDS:
        x, y = np.empty(SineModel.input_len(), np.int8), np.empty(SineModel.output_len(), np.int8)
        outputs = []
        for value in range(-128, 128):
            x[:] = value
            SineModel.predict_quantized(backend, x, y)
            outputs.append(y.tolist())
        results.append(outputs)
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("name", ["sine", "speech", "person_detect"])
@pytest.mark.parametrize("backend", [EspBackend(), EspP4Backend()], ids=["esp32s3", "esp32p4"])
def test_every_golden_output_is_reproduced(shared: Path, name: str, backend: EspBackend) -> None:
    executable = backend.compile(published(shared / "models" / f"{name}.tflite"))
    with np.load(shared / "golden" / f"{name}.npz") as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    assert len(inputs) >= 66
    for sample, expected in zip(inputs, outputs, strict=True):
        executable.inputs[0][...] = sample.reshape(executable.inputs[0].shape)
        executable.run()
        np.testing.assert_array_equal(executable.outputs[0].reshape(-1), expected.reshape(-1))


def test_person_detect_hardly_notices_the_device_s_roundings(shared: Path) -> None:
    program = published(shared / "models" / "person_detect.tflite")
    with np.load(shared / "golden" / "person_detect.npz") as golden:
        inputs, outputs = golden["inputs"], golden["outputs"].reshape(66, -1).astype(int)
    for backend in (EspBackend(skip_nudge=True), EspBackend(effective_scales="float32")):
        executable = backend.compile(program)
        found = np.empty_like(outputs)
        for index, sample in enumerate(inputs):
            executable.inputs[0][...] = sample.reshape(executable.inputs[0].shape)
            executable.run()
            found[index] = executable.outputs[0].reshape(-1)
        assert (found != outputs).any()
        assert abs(found - outputs).max() <= 3
        np.testing.assert_array_equal(found.argmax(axis=1), outputs.argmax(axis=1))


@pytest.mark.usefixtures("tflm_wheel")
def test_a_batch_is_image_by_image() -> None:
    program = convolution_model((3, 5, 5, 8), 4, (1, 1), output_scale=3.0)
    single = convolution_model((1, 5, 5, 8), 4, (1, 1), output_scale=3.0)
    images = np.random.default_rng(0).integers(-128, 128, (3, 5, 5, 8), np.int8)
    together, alone = (EspBackend(skip_nudge=True).compile(each) for each in (program, single))
    together.inputs[0][...] = images
    together.run()
    exact = RefBackend().compile(program)
    exact.inputs[0][...] = images
    exact.run()
    for number, image in enumerate(images):
        alone.inputs[0][...] = image
        alone.run()
        # 5*5*8 bytes are an odd multiple of 8: the second image is not aligned, and so runs on the exact kernel.
        expected = exact.outputs[0][number] if number == 1 else alone.outputs[0][0]
        np.testing.assert_array_equal(together.outputs[0][number], expected)
    assert (together.outputs[0] != exact.outputs[0]).any()


@pytest.mark.usefixtures("tflm_wheel")
def test_many_threads_share_a_backend() -> None:
    program = convolution_model((1, 9, 9, 16), 24, (1, 1), output_scale=3.0)
    images = np.random.default_rng(0).integers(-128, 128, (8, 9, 9, 16), np.int8)
    backend = EspBackend(skip_nudge=True)

    def answers() -> list[Any]:
        executable = backend.compile(program)
        results = []
        for image in images:
            executable.inputs[0][...] = image
            executable.run()
            results.append(executable.outputs[0].copy())
        return results

    expected = answers()
    failures: list[int] = []

    def work(number: int) -> None:
        for _ in range(10):
            same = [np.array_equal(*pair) for pair in zip(answers(), expected, strict=True)]
            failures.extend([number] * same.count(False))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


# Construction


def test_the_chip_decides_the_class() -> None:
    assert type(EspBackend()) is type(EspBackend("esp32s3")) is type(EspBackend(chip="esp32s3")) is EspBackend
    assert type(EspBackend("esp32p4")) is type(EspBackend(chip="esp32p4")) is type(EspP4Backend()) is EspP4Backend
    assert isinstance(EspP4Backend(), KernelBackend)


def test_what_was_asked_for_can_be_read_and_seen() -> None:
    backend = EspBackend(skip_nudge=True, effective_scales="float32", esp_nn="1.2.3", faults="warn")
    assert (backend.chip, backend.skip_nudge, backend.effective_scales) == ("esp32s3", True, "float32")
    assert (backend.esp_nn, backend.faults) == ("1.2.3", "warn")
    assert repr(backend) == (
        "EspBackend(chip='esp32s3', skip_nudge=True, effective_scales='float32', esp_nn='1.2.3', faults='warn')"
    )
    with pytest.raises(AttributeError):
        backend.skip_nudge = False  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"chip": "esp8266"}, "chip must be one of 'esp32', 'esp32c3', 'esp32s3', 'esp32p4', not 'esp8266'"),
        ({"driver": "c"}, "driver must be one of 'rust', 'tflm', not 'c'"),
        ({"force_ansi": ["relu"]}, "force_ansi must be one of 'add', 'conv2d', .*, not 'relu'"),
        ({"force_ansi": "conv2d"}, r"force_ansi must be a tuple of names, as in \('conv2d',\), not a string"),
        ({"driver": "tflm", "force_ansi": ["add"]}, "force_ansi is a switch of the driver 'rust', not of 'tflm'"),
        ({"chip": "esp32", "skip_nudge": True}, "skip_nudge is known for the ESP32-S3's kernels only, not for 'esp32'"),
        ({"effective_scales": "float64"}, "effective_scales must be one of 'double', 'float32', not 'float64'"),
        ({"esp_nn": "1.1.0"}, "esp_nn must be one of '1.2.3', not '1.1.0'"),
        ({"faults": "raise"}, "faults must be one of 'refuse', 'warn', 'ignore', not 'raise'"),
    ],
)
def test_an_unknown_argument_is_answered_with_what_is_known(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EspBackend(**arguments)


def test_a_class_for_one_chip_is_not_for_another() -> None:
    class Mine(EspBackend):
        pass

    with pytest.raises(ValueError, match="Mine is for the chip 'esp32s3', not 'esp32p4'"):
        Mine("esp32p4")
    with pytest.raises(ValueError, match="EspP4Backend is for the chip 'esp32p4', not 'esp32s3'"):
        EspP4Backend("esp32s3")


def test_backends_can_be_copied_and_pickled() -> None:
    for backend in (EspBackend(skip_nudge=True), EspP4Backend(effective_scales="float32")):
        for other in (copy.deepcopy(backend), pickle.loads(pickle.dumps(backend))):
            assert type(other) is type(backend)
            assert repr(other) == repr(backend)


# Single calls


def test_wrong_buffers_are_refused_before_anything_is_written() -> None:
    random = np.random.default_rng(0)
    image, weights = (random.integers(-128, 128, shape, np.int8) for shape in ((1, 4, 4, 8), (5, 1, 1, 8)))
    caches: tuple[dict[str, Any] | None, ...] = (None, {})
    for cache in caches:
        call = bound(plain_conv2d(image, weights, scale=0.01))
        call.cache = cache
        call.input = call.input[:, :3]
        with pytest.raises(InvalidShape, match="input"):
            EspBackend(skip_nudge=True).conv2d(call)
        assert (call.output == 77).all()
        assert not call.cache


@pytest.mark.usefixtures("tflm_wheel")
def test_an_effective_scale_beyond_float32_is_refused_with_the_layer_s_name() -> None:
    program = convolution_model((1, 4, 4, 8), 4, (1, 1), name="net/huge")
    (call,) = program.calls
    params: Any = call.params
    params.input_quant = type(params.input_quant)(3e38, 0)
    params.output_quant = type(params.output_quant)(1e-3, 0)
    with pytest.raises(
        UnsupportedOperator, match=r"(?s)huge \(operator 0, conv2d\): an effective scale overflows float32"
    ):
        EspBackend(effective_scales="float32").compile(program)


@pytest.mark.usefixtures("tflm_wheel")
def test_float32_scales_of_a_power_of_two_change_nothing() -> None:
    program = convolution_model((1, 6, 6, 4), 5, (3, 3), padding="VALID")
    exact, float32 = RefBackend().compile(program), EspBackend(effective_scales="float32").compile(program)
    (call,) = program.calls
    params: Any = call.params
    scale = np.float32(0.5) * np.float32(params.weights_quant.scale)
    assert quantize_multiplier(float(scale)) == (params.output_multiplier[0], params.output_shift[0])
    for executable in (exact, float32):
        executable.inputs[0][...] = np.arange(144, dtype=np.int64).astype(np.int8).reshape(1, 6, 6, 4)
        executable.run()
    np.testing.assert_array_equal(float32.outputs[0], exact.outputs[0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_executable_keeps_and_takes_back_its_state(backend: KernelBackend) -> None:
    program = one_call("svdf", drawn("svdf", 1)[0])
    executable = backend.compile(program)
    assert isinstance(executable, KeepsState)
    initial = executable.save_state()
    executable.run()
    first, after = executable.outputs[0].copy(), executable.save_state()
    np.testing.assert_array_equal(initial[0], program.variables[0].initial)
    assert not np.array_equal(initial[0], after[0])
    executable.run()
    executable.load_state(initial)
    executable.run()
    np.testing.assert_array_equal(executable.outputs[0], first)
    np.testing.assert_array_equal(executable.save_state()[0], after[0])
