"""The models that this repository ships, against TFLM run live."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY
from tests.support.tflm import Tflm

MODELS = REPOSITORY / "models"


@ember_model(MODELS / "sine.tflite")
class SineModel(QuantizedModel): ...


@ember_model(MODELS / "digits.tflite")
class DigitsModel(QuantizedModel): ...


def test_checksums() -> None:
    for line in (MODELS / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((MODELS / name).read_bytes()).hexdigest() == digest


def test_the_sine_equals_tflms_on_every_input(tflm: Tflm) -> None:
    inputs = np.arange(-128, 128).astype(np.int8).reshape(256, 1, 1)
    expected = tflm.run((MODELS / "sine.tflite").read_bytes(), [[sample] for sample in inputs])
    found = SineModel.predict_batch(RefBackend(), inputs)
    np.testing.assert_array_equal(found.reshape(-1), np.array([outputs[0] for outputs in expected]).reshape(-1))


def test_the_sine_is_a_sine() -> None:
    backend = RefBackend()
    for x in np.linspace(0, 2 * np.pi, 50):
        assert float(SineModel.predict(backend, x)) == pytest.approx(np.sin(x), abs=0.06)


def test_digits_equal_tflms_on_every_held_out_image(tflm: Tflm) -> None:
    with np.load(MODELS / "digits_heldout.npz") as held_out:
        images, labels = held_out["images"], held_out["labels"]
    quantized = DigitsModel.quantize(images).reshape(-1, *DigitsModel.input_shape())
    expected = tflm.run((MODELS / "digits.tflite").read_bytes(), [[image] for image in quantized])
    found = DigitsModel.predict_batch(RefBackend(), quantized)
    np.testing.assert_array_equal(found, np.array([outputs[0] for outputs in expected]).reshape(len(images), -1))
    assert np.mean(found.argmax(axis=1) == labels) >= 0.98
