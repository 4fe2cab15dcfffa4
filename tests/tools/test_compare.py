"""Comparing two sides layer by layer: what is found, named and explained, and what cannot be compared."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from rich.console import Console

from ember_infer_core import (
    ComparisonError,
    Conv2dParams,
    Executable,
    ModelError,
    Program,
    QuantParam,
    RecordingBackend,
    UnsupportedOperator,
)
from ember_infer_core.quantization import quantize
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from ember_infer_tools.compare import Comparison, compare
from ember_infer_tools.compare.inputs import load_inputs, random_inputs
from ember_infer_tools.compare.interpreters import RUNTIMES
from ember_infer_tools.compare.report import print_comparison
from ember_infer_tools.tflite_writer import ModelWriter, pack_model
from tests.conftest import REPOSITORY, skip_or_fail
from tests.support.samples import every_operator, two_branches

DIGITS = REPOSITORY / "models" / "digits.tflite"
REF = "ember_infer_ref:RefBackend"
ESP = "ember_esp:EspBackend"
OTHER_ROUNDINGS = ("single", "float")
Int8Array = npt.NDArray[np.int8]

# person_detect's bias tensors have an odd quantized_dimension.
pytestmark = pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")


@pytest.fixture(scope="module")
def litert() -> None:
    """LiteRT's wheel is installed."""
    if importlib.util.find_spec("ai_edge_litert") is None:
        skip_or_fail("LiteRT is not installed: pip install 'ember-infer[litert]'")


@pytest.fixture(scope="module")
def esp() -> None:
    """The distribution of the ESP32 backend is installed."""
    if importlib.util.find_spec("ember_esp") is None:
        skip_or_fail("ember_esp is not installed: pip install ./ember_esp")


@pytest.fixture(scope="module")
def digits() -> Program:
    return load_program(DIGITS)


def held_out_digits(count: int) -> Int8Array:
    with np.load(REPOSITORY / "models" / "digits_heldout.npz") as held_out:
        images = held_out["images"][:count]
    program = load_program(DIGITS)
    quant = program.tensors[program.inputs[0]].quant
    assert isinstance(quant, QuantParam)
    return quantize(images, quant)


class OffByOne(RefBackend):
    """Faulty in the one convolution that has these weights' shape, and there in one element."""

    def __init__(self, weights_shape: tuple[int, ...], position: int = 5, step: int = 1) -> None:
        super().__init__()
        self._faulty, self._position, self._step = weights_shape, position, step

    def conv2d(self, params: Conv2dParams) -> None:
        super().conv2d(params)
        if params.weights_shape == self._faulty:
            params.output.reshape(-1).view(np.uint8)[self._position] += self._step % 256


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


# Dumps from a device


def dump(
    folder: Path, program: Program, inputs: Int8Array, name: Callable[[Any], str] = lambda call: str(call.name)
) -> None:
    """What a device would write: every layer of RefBackend, half of them raw."""
    recording = RecordingBackend(RefBackend(), keep=len(inputs))
    executable = recording.compile(program)
    for sample in inputs:
        executable.inputs[0][...] = sample.reshape(executable.inputs[0].shape)
        executable.run()
    for index, call in enumerate(program.calls):
        array = np.stack([run.layers[index].outputs["output"] for run in recording.runs])
        if index % 2:
            array.tofile(folder / f"{name(call)}.bin")
        else:
            np.save(folder / f"{name(call)}.npy", array)


@pytest.fixture
def dumps(tmp_path: Path, digits: Program) -> Path:
    inputs = random_inputs(digits, 3, seed=1)[0]
    dump(tmp_path, digits, inputs)
    inputs.tofile(tmp_path / "input.bin")
    return tmp_path


@pytest.mark.parametrize("sides", [(REF, "dumps:"), ("dumps:", REF)])
def test_dumps_are_a_side_and_bring_their_inputs(dumps: Path, digits: Program, sides: Sequence[str]) -> None:
    a, b = (side + (str(dumps) if side == "dumps:" else "") for side in sides)
    found = compare(DIGITS, a, b)
    assert found.equal
    assert (found.samples, found.inputs) == (3, "dumped")
    assert all(layer.difference is not None for layer in (*found.layer_by_layer, *found.end_to_end))
    assert len(found.layer_by_layer) == len(digits.calls)


def test_a_devices_faulty_kernel_is_found_from_its_dumps(tmp_path: Path, digits: Program) -> None:
    """The dumps after the fault are all wrong; the reference's kernels, run on the dumps, clear those."""

    class Device(RefBackend):
        def depthwise_conv2d(self, params: Any) -> None:
            super().depthwise_conv2d(params)
            if params.weights_shape[3] == 32:
                params.output[...] = np.where(params.output > -128, params.output - 1, params.output)

    inputs = random_inputs(digits, 2, seed=1)[0]
    recording = RecordingBackend(Device(), keep=2)
    executable = recording.compile(digits)
    for sample in inputs:
        executable.inputs[0][...] = sample
        executable.run()
    for index, call in enumerate(digits.calls):
        np.save(
            tmp_path / f"{call.name}.npy", np.stack([run.layers[index].outputs["output"] for run in recording.runs])
        )
    found = compare(DIGITS, REF, f"dumps:{tmp_path}", inputs)
    assert found.fed_by == "b"
    assert [layer.layer for layer in found.layer_by_layer if layer.differs] == ["depthwise4"]
    assert [layer.differs for layer in found.end_to_end].count(True) > 3


def test_dumps_may_be_named_by_tensor_or_listed_in_a_table(tmp_path: Path, digits: Program) -> None:
    inputs = random_inputs(digits, 2, seed=1)[0]
    dump(tmp_path, digits, inputs, name=lambda call: str(call.operands["output"]))
    assert compare(DIGITS, REF, f"dumps:{tmp_path}", inputs).equal
    tensor = digits.calls[0].operands["output"]
    table = tmp_path / "table.csv"
    table.write_text(f"layer,path\nconv1,{tensor}.npy\n")
    found = compare(DIGITS, REF, f"dumps:{table}", inputs)
    assert [layer.layer for layer in found.end_to_end if layer.difference is not None] == ["conv1"]
    assert found.equal


def test_layers_that_were_not_dumped_are_left_out_and_shown_as_such(dumps: Path) -> None:
    (dumps / "conv3.bin").unlink()
    np.save(dumps / "pointwise2.npy", np.load(dumps / "pointwise2.npy") ^ 1)
    found = compare(DIGITS, REF, f"dumps:{dumps}")
    missing = [layer.layer for layer in found.end_to_end if layer.difference is None]
    assert missing == ["conv3"]
    assert [layer.layer for layer in found.layer_by_layer if layer.difference is None] == [
        "conv3",
        "depthwise4",
        "residual_add4",
    ]
    assert "not there" in shown(found)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda folder: (folder / "conv3.bin").write_bytes(b"123"),
            r"conv3.bin: 3 bytes; conv3 has 512 bytes a sample",
        ),
        (
            lambda folder: (folder / "conv3.bin").write_bytes(bytes(1024)),
            r"conv3.bin: 1024 bytes, which is 2 of 512; 3 sa",
        ),
        (
            lambda folder: (folder / "conv7.bin").write_bytes(bytes(9)),
            r"conv7.bin: 'conv7' is none of .* input, conv1, ",
        ),
        (lambda folder: (folder / "3.bin").write_bytes(bytes(3072)), r"a second dump of 'conv1'|a second dump of '3'"),
        (lambda folder: np.save(folder / "conv1.npy", np.zeros(3072)), r"conv1.npy: int8 is wanted, not float64"),
        (lambda folder: (folder / "conv1.npy").write_bytes(b"no array"), r"conv1.npy: "),
        (lambda folder: (folder / "input.bin").unlink(), r"made from which inputs"),
    ],
)
def test_a_dump_that_does_not_fit_is_named(dumps: Path, spoil: Callable[[Path], object], message: str) -> None:
    spoil(dumps)
    with pytest.raises(ComparisonError, match=message):
        compare(DIGITS, REF, f"dumps:{dumps}")


def test_two_folders_of_dumps_are_compared_end_to_end_only(dumps: Path) -> None:
    found = compare(DIGITS, f"dumps:{dumps}", f"dumps:{dumps}")
    assert found.equal
    assert (found.fed_by, found.layer_by_layer, found.outputs) == (None, (), ())


# What cannot be compared


def test_a_runtime_that_is_not_installed_is_told_with_the_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RUNTIMES, "litert", replace(RUNTIMES["litert"], module="ai_edge_nowhere"))
    with pytest.raises(ComparisonError, match=r"litert is not installed: pip install 'ember-infer\[litert\]'"):
        compare(DIGITS, REF, "litert")


def test_a_runtime_that_dies_is_told_with_its_signal(tflm_wheel: None) -> None:
    writer = ModelWriter()
    logits = writer.tensor("logits", (1, 600), scale=0.1, zero_point=0)
    classes = writer.tensor("classes", (1, 600), scale=1 / 256, zero_point=-128)
    writer.softmax(logits, classes)
    with pytest.raises(ComparisonError, match=r"TensorFlow Lite Micro, given the model, was stopped by SIG[A-Z]+"):
        compare(writer.finish([logits], [classes]), REF, "tflm", np.zeros((1, 600), np.int8))


class Fails(RefBackend):
    def softmax(self, params: Any) -> None:
        raise ZeroDivisionError("a fault in a kernel")


class Refuses(RefBackend):
    def compile(self, program: Program) -> Executable:
        raise UnsupportedOperator("not today")


@pytest.mark.parametrize(("backend", "message"), [(Fails(), "ZeroDivisionError: a fault"), (Refuses(), "not today")])
def test_a_backend_that_cannot_run_the_model_is_no_difference(backend: RefBackend, message: str) -> None:
    with pytest.raises(ComparisonError, match=message):
        compare(DIGITS, REF, backend)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((2, 64)), r"int8 is wanted, not float64 \(quantize\(\)"),
        (np.zeros((2, 63), np.int8), r"shape \(2, 63\) does not hold whole samples of 64 elements"),
        (np.zeros((0, 64), np.int8), "does not hold whole samples"),
        ([np.zeros((1, 64), np.int8)] * 2, "2 arrays are given for 1 inputs"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs: Any, message: str) -> None:
    with pytest.raises(ComparisonError, match=message):
        compare(DIGITS, REF, REF, inputs)


def test_a_model_that_cannot_be_read_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        compare(tmp_path / "nowhere.tflite", REF, REF)


def test_a_side_that_answers_otherwise_when_it_is_watched_is_noted(digits: Program) -> None:
    class Shy(RefBackend):
        def compile(self, program: Program) -> Executable:
            return RefBackend("double" if len(program.outputs) == 1 else "float").compile(program)

    found = compare(DIGITS, REF, Shy(), samples=8)
    assert len(found.notes) == 1
    assert "reading every tensor changes the outputs of" in found.notes[0]
    assert not any(output.different for output in found.outputs)


# Samples, report, command line


def test_random_inputs_are_those_of_the_seed(digits: Program) -> None:
    again = [random_inputs(digits, 3, seed)[0].tolist() for seed in (5, 5, 6)]
    assert again[0] == again[1] != again[2]
    assert compare(DIGITS, REF, REF, samples=2, seed=5).inputs == "random, seed 5"


def test_progress_counts_the_samples() -> None:
    steps: list[tuple[int, int]] = []
    compare(DIGITS, REF, REF, samples=3, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)]


def shown(found: Comparison) -> str:
    text = io.StringIO()
    print_comparison(found, Console(width=120, file=text))
    return text.getvalue()


def test_the_report_names_layer_extent_elements_histogram_and_dialect(digits: Program) -> None:
    shape = digits.calls[0].params.weights_shape  # type: ignore[attr-defined]
    text = shown(compare(DIGITS, REF, OffByOne(shape, position=17), samples=2))
    assert "First layer that differs on the same input (that of A): conv1" in text
    assert "2 of 2,048 elements differ (0.10%), by 1 at most" in text
    assert "first:   sample 0, element (0, 0, 1, 1): A " in text
    assert "+1          2  ██" in text
    assert "B: no known dialect gives any of the differing elements" in text
    assert "A: every element as the dialect double" in text


def test_many_different_differences_are_shown_in_ranges() -> None:
    class Noise(RefBackend):
        def max_pool(self, params: Any) -> None:
            params.output[...] = np.random.default_rng(0).integers(-128, 128, params.output.shape, np.int8)

    text = shown(compare(DIGITS, REF, Noise()))
    rows = text[text.index("B - A") : text.index("dialects are known")].splitlines()[1:-1]
    assert 2 <= len(rows) <= 12
    assert all(".." in row for row in rows)
    bars = [row.count("█") for row in rows]
    counts = [int(row.split()[1].replace(",", "")) for row in rows]
    assert max(bars) == bars[counts.index(max(counts))] > bars[counts.index(min(counts))]


def command(*arguments: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "ember_infer_tools.cli", "compare", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd=cwd)


def test_the_command_exits_with_0_when_all_is_equal() -> None:
    result = command(str(DIGITS), "--a", REF, "--b", REF)
    assert (result.returncode, result.stderr) == (0, "")
    assert "equal: 12 of 12 layers fed the same input, 12 of 12 layers end to end" in result.stdout
    assert "\x1b" not in result.stdout


def test_the_command_exits_with_1_and_prints_json_when_something_differs(tmp_path: Path) -> None:
    """With a backend of the working folder, arguments, and samples from a file."""
    (tmp_path / "mine.py").write_text("from ember_infer_ref import RefBackend as Mine\n")
    np.save(tmp_path / "samples.npy", np.random.default_rng(2).integers(-128, 128, (20, 64), np.int8))
    arguments = ("--a", REF, "--b", "mine:Mine,rounding=float", "--inputs", "samples.npy", "--json")
    result = command(str(DIGITS), *arguments, cwd=tmp_path)
    assert result.returncode == 1, result.stderr
    document = json.loads(result.stdout)
    assert document["equal"] is False
    assert document["first_faulty"] in {layer["layer"] for layer in document["layer_by_layer"]}
    assert "float" in document["dialects"]["b"]
    assert document["samples"] == 20
    first = next(layer for layer in document["layer_by_layer"] if layer["layer"] == document["first_faulty"])
    assert set(first) == {"layer", "operator", "index", "tensor", "shape", "difference", "a", "b"}
    assert set(first["difference"]) == {"dtype", "elements", "different", "largest", "histogram", "first", "worst"}
    assert set(first["difference"]["first"]) == {"sample", "coordinates", "a", "b"}
    assert sum(first["difference"]["histogram"].values()) == first["difference"]["different"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.tflite", "--a", REF, "--b", REF), "nowhere.tflite: no such file"),
        ((str(DIGITS), "--a", REF, "--b", "ember_infer_ref:Nothing"), "has no Nothing"),
        ((str(DIGITS), "--a", REF, "--b", "dumps:/nowhere"), "/nowhere: No such file or directory\n"),
        ((str(DIGITS), "--a", REF, "--b", REF, "--inputs", "nowhere.npy"), "nowhere.npy: No such file or directory\n"),
        ((str(DIGITS), "--a", REF, "--b", REF, "--inputs", str(DIGITS)), "digits.tflite: no NumPy file of numbers"),
    ],
)
def test_the_command_exits_with_2_when_it_cannot_compare(arguments: tuple[str, ...], message: str) -> None:
    result = command(*arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert result.stdout == ""
