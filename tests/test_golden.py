"""Equal to TensorFlow Lite Micro's golden outputs, byte for byte, on every published input."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from ember_infer_core import ModelWarning
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend

MODELS = ("sine", "speech", "person_detect")
SPEECH_LABELS = ("silence", "unknown", "yes", "no")
PERSON_LABELS = ("no_person", "person")


def model_class(path: Path) -> type[QuantizedModel]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)

        @ember_model(path)
        class Model(QuantizedModel): ...

    return Model


@pytest.mark.parametrize("name", MODELS)
def test_every_golden_output_is_reproduced(shared: Path, name: str) -> None:
    model = model_class(shared / "models" / f"{name}.tflite")
    backend = RefBackend()
    with np.load(shared / "golden" / f"{name}.npz") as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    assert len(inputs) >= 66
    found = np.empty_like(outputs)
    for index, sample in enumerate(inputs):
        model.predict_quantized(backend, sample, found[index])
    np.testing.assert_array_equal(found, outputs)


@pytest.mark.parametrize(
    ("name", "labels", "samples"),
    [("speech", SPEECH_LABELS, ("yes", "no")), ("person_detect", PERSON_LABELS, ("person", "no_person"))],
)
def test_real_samples_come_out_right(
    shared: Path, name: str, labels: tuple[str, ...], samples: tuple[str, ...]
) -> None:
    model = model_class(shared / "models" / f"{name}.tflite")
    with np.load(shared / "golden" / f"{name}.npz") as golden:
        for sample in samples:
            index = golden["names"].tolist().index(sample)
            scores = np.empty(model.output_len(), np.int8)
            model.predict_quantized(RefBackend(), golden["inputs"][index], scores)
            assert labels[int(scores.argmax())] == sample
