"""Published models, byte for byte: golden outputs, TensorFlow Lite Micro run live, real samples, and what is refused.

NativeBackend is asked for each target that this machine can run. mobilenet_v3_small, the largest model, is compiled for
the best of them alone, unless ``EMBER_DEEP=1``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import KernelBackend, ModelWarning
from ember_infer_core.quantization import QuantParam
from ember_infer_core.slots import Role
from ember_infer_macros import QuantizedModel, ember_model, load_program
from ember_infer_macros.tflite.schema import TensorType
from ember_infer_native import NativeBackend
from ember_infer_native.targets import TARGETS
from ember_infer_native.toolchain import host_isa
from ember_infer_ref import RefBackend
from ember_infer_tools.compare.rewrite import ModelFile
from ember_infer_tools.tflite_writer import load_schema, pack_model
from tests.support.against_tflm import difference, run_on
from tests.support.effort import DEEP
from tests.support.tflm import Tflm

MODELS = ("sine", "speech", "person_detect")
TARGET_NAMES = tuple(target.name for target in TARGETS if target.needs <= host_isa())
FLOAT_EDGES = ("vww_float_io", "rock_paper_scissors", "anomaly_detection")
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


def backends(targets: tuple[str, ...] = TARGET_NAMES) -> list[KernelBackend]:
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
    for backend in backends(TARGET_NAMES if DEEP else TARGET_NAMES[:1]):
        assert_reproduced(model, backend, inputs, outputs)


@pytest.mark.parametrize("name", FLOAT_EDGES)
def test_real_values_go_in_and_come_out_as_with_tflm(shared: Path, name: str, tflm: Tflm) -> None:
    path = shared / "models" / f"{name}.tflite"
    model = model_class(path)
    inputs = random_inputs(model)
    expected = run_by_tflm(tflm, path, inputs)
    assert len(np.unique(expected, axis=0)) > 2
    for backend in backends():
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


def with_small_biases(content: bytes) -> bytes:
    """The file's are scrambled, and so large that no layer but the first changes with the input."""
    random = np.random.default_rng(0)
    model: Any = load_schema().ModelT.InitFromPackedBuf(content, 0)
    for tensor in model.subgraphs[0].tensors:
        buffer = model.buffers[tensor.buffer]
        if tensor.type == TensorType.INT32 and buffer.data is not None:
            buffer.data = random.integers(-500, 500, len(buffer.data) // 4, np.int32).view(np.uint8)
    return pack_model(model)


@pytest.mark.parametrize("alter", [bytes, with_small_biases], ids=["as it is", "with small biases"])
def test_every_layer_of_a_keyword_spotter_goes_on_from_its_state_as_with_tflm(
    shared: Path, tflm: Tflm, alter: Callable[[bytes], bytes]
) -> None:
    content = alter((shared / "models" / "keyword_scrambled_8bit.tflite").read_bytes())
    layers = [index for call in load_program(content).calls for index in call.tensors(Role.OUTPUT)]
    observed = ModelFile(content).observed(layers)
    random = np.random.default_rng(0)
    steps: list[list[npt.NDArray[Any]] | None] = []
    for number in range(500):
        steps += [None] if number in (7, 100, 333) else []  # a reset
        steps.append([random.integers(-(2**15), 2**15, (1, 96), np.int16)])
    expected = tflm.run(observed, steps, len(layers))
    if alter is with_small_biases:
        assert min(len({outputs[layer].tobytes() for outputs in expected}) for layer in range(len(layers))) > 10
    for backend, found in zip(backends(), run_on(backends(), observed, steps), strict=True):
        assert not difference(found, expected), repr(backend)
    last = [outputs[-1:] for outputs in tflm.run(content, steps)]
    assert not difference(run_on([RefBackend()], content, steps)[0], last)


def test_an_lstm_equals_tflm_over_500_steps_with_resets_between(shared: Path, tflm: Tflm) -> None:
    path, random = shared / "models" / "trained_lstm_int8.tflite", np.random.default_rng(0)
    sessions = [model_class(path).bind(backend) for backend in backends()]
    steps: list[Any] = []
    for _ in range(500):
        sharpness = random.choice([1, 16, 255])  # noise of little contrast, too, is what trained layers tell apart
        steps.append([random.integers(-128, -128 + sharpness, (1, 28, 28), np.int8, endpoint=True)])
        steps += [None] if random.integers(10) == 0 else []
    expected = iter(tflm.run(path.read_bytes(), steps))
    for step in steps:
        wanted = None if step is None else next(expected)[0]
        for session in sessions:
            if step is None:
                session.reset()
                continue
            session.input[...] = step[0]
            session.run()
            np.testing.assert_array_equal(session.output, wanted)


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
