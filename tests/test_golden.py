"""Published models, byte for byte: golden outputs, TensorFlow Lite Micro run live, real samples, and what is refused.

NativeBackend is asked for each target that this machine can run; in an ordinary run, for the best and the portable one.
mobilenet_v3_small, the largest model, is compiled for the best of them alone, unless ``EMBER_DEEP=1``, and so is
vww_float_io, except by CI.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import KernelBackend, ModelWarning
from ember_infer_core.quantization import QuantParam
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_native import NativeBackend
from ember_infer_ref import RefBackend
from tests.support.effort import DEEP, EVERYTHING
from tests.support.targets import TRIED_TARGETS
from tests.support.tflm import Tflm

MODELS = ("sine", "speech", "person_detect")
FLOAT_EDGES = ("vww_float_io", "rock_paper_scissors", "anomaly_detection")
# Person_detect's layers, which are compiled for every target: CI compiles these for every target, too.
OF_KNOWN_SHAPE = ("vww_float_io",)
INFERENCES = 64
INFERENCES_AT_ONCE = 8  # of TensorFlow Lite Micro, whose answers are waited for no longer than a minute
SPEECH_LABELS = ("silence", "unknown", "yes", "no")
PERSON_LABELS = ("no_person", "person")


def model_class(path: Path) -> type[QuantizedModel]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)

        @ember_model(path)
        class Model(QuantizedModel): ...

    return Model


def backends(targets: tuple[str, ...] = TRIED_TARGETS) -> list[KernelBackend]:
    """RefBackend, and NativeBackend for each of these targets."""
    return [RefBackend(), *(NativeBackend(target) for target in targets)]


def assert_reproduced(
    model: type[QuantizedModel], backend: KernelBackend, inputs: npt.NDArray[Any], outputs: npt.NDArray[Any]
) -> None:
    """Each inference gives exactly this output."""
    found = np.empty_like(outputs)
    for index, sample in enumerate(inputs):
        model.predict_quantized(backend, sample, found[index])
    np.testing.assert_array_equal(found, outputs, repr(backend))


@pytest.mark.parametrize("name", MODELS)
def test_every_golden_output_is_reproduced(shared: Path, name: str) -> None:
    model = model_class(shared / "models" / f"{name}.tflite")
    with np.load(shared / "golden" / f"{name}.npz") as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    assert len(inputs) >= 66
    for backend in backends():
        assert_reproduced(model, backend, inputs, outputs)


def test_a_mobilenet_s_golden_outputs_are_reproduced(shared: Path) -> None:
    model = model_class(shared / "models" / "mobilenet_v3_small.tflite")
    with np.load(shared / "golden" / "mobilenet_v3_small.npz") as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    for backend in backends(TRIED_TARGETS if DEEP else TRIED_TARGETS[:1]):
        assert_reproduced(model, backend, inputs, outputs)


@pytest.mark.parametrize("name", FLOAT_EDGES)
def test_real_values_go_in_and_come_out_as_with_tflm(shared: Path, name: str, tflm: Tflm) -> None:
    path = shared / "models" / f"{name}.tflite"
    model = model_class(path)
    inputs = random_inputs(model)
    expected = run_by_tflm(tflm, path, inputs)
    assert len(np.unique(expected, axis=0)) > 2
    for backend in backends(TRIED_TARGETS if EVERYTHING or name not in OF_KNOWN_SHAPE else TRIED_TARGETS[:1]):
        assert_reproduced(model, backend, inputs, expected)


def random_inputs(model: type[QuantizedModel]) -> npt.NDArray[np.float32]:
    """Noise around a random level, from hardly any to all of the input's range: on noise alone, classes saturate."""
    low, high = range_of_the_input(model)
    random = np.random.default_rng(0)
    shape = (INFERENCES, *model.input_shape())
    one_each = (INFERENCES, *(1 for _ in model.input_shape()))
    noise, level = random.uniform(low, high, shape), random.uniform(low, high, one_each)
    share = np.linspace(0.01, 1, INFERENCES).reshape(one_each)
    return (level + share * (noise - level)).astype(np.float32)


def range_of_the_input(model: type[QuantizedModel]) -> tuple[float, float]:
    """The real values that int8 can tell apart, where the model quantises its float32 input."""
    first = model.program.calls[0]
    assert (first.method, first.operands["input"]) == ("quantize", model.program.inputs[0])
    quant = model.program.tensors[first.operands["output"]].quant
    assert isinstance(quant, QuantParam)
    return (-128 - quant.zero_point) * quant.scale, (127 - quant.zero_point) * quant.scale


def run_by_tflm(tflm: Tflm, path: Path, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The model's one output, for each inference."""
    content = path.read_bytes()
    results = []
    for start in range(0, len(inputs), INFERENCES_AT_ONCE):
        results += tflm.run(content, [[sample] for sample in inputs[start : start + INFERENCES_AT_ONCE]])
    return np.array([outputs[0] for outputs in results])


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
