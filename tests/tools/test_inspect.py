"""``ember_infer_tools.inspect``: what a model needs, also where it cannot be run, and what is worth a warning."""

from __future__ import annotations

import io
import itertools
import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from rich.console import Console

from ember_infer_core import KernelBackend, ModelError, UnsupportedModelError
from ember_infer_core.slots import OperatorParams, Shape4
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from ember_infer_tools.inspect import ModelReport, inspect_model, to_json
from ember_infer_tools.inspect.checks import CHECKS
from ember_infer_tools.inspect.report import arena_picture, render
from ember_infer_tools.tflite_writer import ModelWriter, pack_model
from tests.conftest import REPOSITORY
from tests.support.alter import altered
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.samples import every_operator, two_branches

DIGITS = REPOSITORY / "models" / "digits.tflite"
SINE = REPOSITORY / "models" / "sine.tflite"
INT32_MAX = 2**31 - 1


class PlainBackend(KernelBackend):
    """The required operators and no more, with scratch that says which shapes it was asked for."""

    def conv2d(self, params: object) -> None: ...
    def depthwise_conv2d(self, params: object) -> None: ...
    def fully_connected(self, params: object) -> None: ...
    def avg_pool(self, params: object) -> None: ...
    def max_pool(self, params: object) -> None: ...
    def softmax(self, params: object) -> None: ...
    def add(self, params: object) -> None: ...

    @classmethod
    def conv2d_scratch_size(cls, input_shape: Shape4, weights_shape: Shape4, output_shape: Shape4) -> int:
        return 1000 * input_shape[3] + output_shape[3]


class FaultyBackend(RefBackend):
    """Knows of a fault in the kernels it stands for."""

    @classmethod
    def known_faults(cls, method: str, params: OperatorParams) -> Sequence[str]:
        return ["the last class is lost"] if method == "softmax" else []


def dense_model(
    weights: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    input_scale: float = 0.5,
    scales: Sequence[float] | None = None,
    output_scale: float = 8.0,
    input_zero_point: int = 0,
    activation: str = "NONE",
) -> bytes:
    """One fully connected layer."""
    matrix = np.asarray(weights, np.int8)
    units, depth = matrix.shape
    scales = scales or [0.25] * units
    writer = ModelWriter()
    source = writer.tensor("x", (1, depth), scale=input_scale, zero_point=input_zero_point)
    weight = writer.tensor("w", matrix.shape, scales=scales, data=matrix)
    biases = None
    if bias is not None:
        data = np.asarray(bias, np.int32)
        biases = writer.tensor("b", data.shape, "int32", scales=[input_scale * scale for scale in scales], data=data)
    result = writer.tensor("y", (1, units), scale=output_scale, zero_point=0)
    writer.fully_connected(source, weight, biases, result, activation=activation)
    return writer.finish([source], [result])


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


def found(model: bytes | Path) -> set[str]:
    return {finding.check for finding in inspect_model(model, [RefBackend]).findings}


def shown(report: ModelReport, width: int = 100, **options: bool) -> str:
    console = Console(file=io.StringIO(), width=width)
    for section in render(report, width=width, **options):
        console.print(section)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


def outputs_over(model: bytes, inputs: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    executable = RefBackend().compile(load_program(model))
    rows = []
    for row in inputs:
        executable.inputs[0][...] = row.reshape(executable.inputs[0].shape)
        executable.run()
        rows.append(executable.outputs[0].reshape(-1).copy())
    return np.array(rows)


# What is counted


def test_a_supported_model_is_told_operator_by_operator(tflm_wheel: None) -> None:
    report = inspect_model(pack_model(every_operator()), [RefBackend])
    assert report.supported
    assert report.problems == ()
    assert [operator.operator for operator in report.operators] == [
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "MAX_POOL_2D",
        "AVERAGE_POOL_2D",
        "ADD",
        "MUL",
        "RESHAPE",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]
    assert [operator.layer for operator in report.operators][:2] == ["conv", "depthwise"]
    assert report.operators[0].details == "3x3 stride 2x1 SAME RELU"
    # 1*3*5*4 outputs of 3*3*2 products; 1*2*3*4 of 2*3; 3 of 8.
    assert [operator.macs for operator in report.operators] == [1080, 144, None, None, None, None, None, 24, None]
    assert report.macs == 1080 + 144 + 24
    # Filters and bias; taps; the added constant; the matrix and its bias. RESHAPE has its shape as an option.
    assert [operator.weights_bytes for operator in report.operators] == [72 + 16, 24, 0, 0, 4, 0, 0, 24 + 12, 0]
    assert report.weights_bytes == 72 + 16 + 24 + 4 + 24 + 12
    assert [(t.type, t.shape) for t in report.tensors][:3] == [
        ("int8", (1, 6, 5, 2)),
        ("int8", (4, 3, 3, 2)),
        ("int32", (4,)),
    ]


def test_grouped_convolutions_count_the_depth_of_their_group(tflm_wheel: None) -> None:
    writer = ModelWriter()
    source = writer.tensor("x", (1, 5, 5, 6), scale=0.5, zero_point=0)
    weight = writer.tensor("w", (4, 1, 1, 3), scale=0.01, data=np.ones((4, 1, 1, 3), np.int8))
    result = writer.tensor("y", (1, 5, 5, 4), scale=0.5, zero_point=0)
    writer.conv2d(source, weight, None, result)
    assert inspect_model(writer.finish([source], [result]), []).macs == 25 * 4 * 3


def test_products_of_matrices_and_transposed_convolutions_are_counted(tflm_wheel: None) -> None:
    matrices = one_operator("BATCH_MATMUL", [tensor((2, 3, 4)), tensor((2, 5, 4))], tensor((2, 3, 5)), adj_y=True)
    report = inspect_model(matrices, [])
    assert (report.macs, report.operators[0].details) == (2 * 3 * 5 * 4, "adj_y")
    filters = constant(np.ones((2, 3, 3, 4)), scale=0.1)
    operands = [constant([1, 4, 4, 2], "int32"), filters, tensor((1, 2, 2, 4))]
    image = tensor((1, 4, 4, 2))
    report = inspect_model(one_operator("TRANSPOSE_CONV", operands, image, padding="SAME", stride_h=2, stride_w=2), [])
    assert (report.macs, report.operators[0].details) == (2 * 2 * 4 * 2 * 9, "3x3 stride 2 SAME")


def test_int4_weights_are_looked_at_one_by_one(tflm_wheel: None) -> None:
    filters = constant(np.full((2, 1, 1, 3), -8), "int4", 0.1)
    bias = constant([2**31 - 1, -(2**31)], "int32", 0.1 / 16)
    window: dict[str, Any] = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    model = one_operator("CONV_2D", [tensor((1, 2, 2, 3)), filters, bias], tensor((1, 2, 2, 2)), **window)
    assert [finding.check for finding in inspect_model(model, []).findings].count("accumulator-overflow") == 1


def test_quantisation_is_told_with_the_real_range_of_inputs_and_outputs(tflm_wheel: None) -> None:
    report = inspect_model(pack_model(every_operator()), [])
    (image,), (classes,) = report.inputs, report.outputs
    assert (image.real_min, image.real_max) == (0.5 * (-128 - 3), 0.5 * (127 - 3))
    assert (classes.real_min, classes.real_max) == (0.0, 255 / 256)
    filters = report.tensors[1].quant
    assert filters is not None
    assert (filters.channels, filters.dimension) == (4, 0)
    assert (filters.scale_min, filters.scale_max) == (float(np.float32(0.01)), float(np.float32(0.04)))


def test_the_arena_is_the_plan_that_executables_use() -> None:
    report, program = inspect_model(DIGITS, []), load_program(DIGITS)
    arena = report.arena
    assert not arena.estimated
    assert arena.length == program.arena_len
    assert {block.tensor: block.offset for block in arena.blocks} == {
        root: program.offsets[root] for root in program.lifetimes
    }
    assert arena.steps == tuple(call.name for call in program.calls)
    in_use = [sum(b.size for b in arena.blocks if b.first <= step <= b.last) for step in range(len(arena.steps))]
    assert arena.peak == max(in_use) <= arena.length <= arena.unshared
    assert arena.peak_step == in_use.index(arena.peak)


def test_a_backend_is_told_by_what_it_overrides_and_by_its_scratch(tflm_wheel: None) -> None:
    report = inspect_model(pack_model(every_operator()), [PlainBackend, RefBackend])
    plain, reference = report.backends
    assert (plain.name, plain.lacking) == ("PlainBackend", (5,))  # MUL; RESHAPE has a default that works
    assert (plain.scratch, plain.largest) == (2 * 1000 + 4, 0)
    assert (reference.lacking, reference.scratch, reference.largest) == ((), 0, None)
    assert report.operators[0].scratch == {"PlainBackend": 2004, "RefBackend": 0}
    assert report.operators[5].scratch == {"RefBackend": 0}
    assert " no " in shown(report)


def test_two_backends_of_one_name_are_kept_apart() -> None:
    other = type("RefBackend", (RefBackend,), {"__module__": __name__})
    names = [backend.name for backend in inspect_model(SINE, [RefBackend, other, RefBackend]).backends]
    assert names == ["RefBackend", f"{__name__}:RefBackend"]


# Models that cannot be run


def test_a_model_with_unsupported_operators_is_inspected_as_far_as_it_can_be(tflm_wheel: None) -> None:
    writer = ModelWriter()
    x, hidden, sums, y = (
        writer.tensor(name, (1, 32), scale=0.1, zero_point=0) for name in ("x", "hidden", "sums", "y")
    )
    weights = writer.tensor("weights", (32, 32), scale=0.1, data=np.ones((32, 32), np.int8))
    writer.operator("GELU", [x], [hidden])
    writer.fully_connected(hidden, weights, None, sums)
    writer.operator("GELU", [sums], [y])
    model = writer.finish([x], [y])
    with pytest.raises(UnsupportedModelError) as refused:
        load_program(model)
    report = inspect_model(model, [RefBackend])
    assert not report.supported
    assert report.problems == refused.value.problems
    kinds = Counter(operator.operator for operator in report.operators if operator.problem)
    assert kinds == {"GELU": 2}
    assert all((operator.method is None) == (operator.problem is not None) for operator in report.operators)
    assert report.operators[1].operator == "FULLY_CONNECTED"
    assert report.operators[1].macs == 32 * 32
    assert report.arena.estimated
    assert report.arena.peak <= report.arena.length <= report.arena.unshared
    assert "2 GELU" in shown(report)


def test_multiplications_of_a_layer_with_state_are_counted(shared: Path) -> None:
    report = inspect_model(shared / "models" / "keyword_scrambled_8bit.tflite", [RefBackend])
    assert report.supported
    assert report.operators[1].macs == 64 * (96 + 8)


def test_blocks_in_use_together_never_overlap(shared: Path) -> None:
    for model in (shared / "models" / "mobilenet_v3_small.tflite", DIGITS):
        for one, other in itertools.combinations(inspect_model(model, []).arena.blocks, 2):
            if one.first <= other.last and other.first <= one.last:
                assert one.offset + one.size <= other.offset or other.offset + other.size <= one.offset


def test_a_float_model_is_shown_too(tflm_wheel: None) -> None:
    writer = ModelWriter()
    source = writer.tensor("x", (1, 4), "float32")
    result = writer.tensor("y", (1, 4), "float32")
    writer.average_pool_2d(source, result, filter_height=1, filter_width=1)
    report = inspect_model(writer.finish([source], [result]), [RefBackend])
    assert not report.supported
    assert report.operators[0].problem == "input 0 is float32, not int8"
    assert report.inputs[0].real_min is None
    assert report.arena.length == 32
    assert "float32 1x4" in shown(report)


def test_an_operator_that_lowering_refuses_is_named_with_the_reason(tflm_wheel: None) -> None:
    writer = ModelWriter()
    source = writer.tensor("x", (1, 4), scale=0.5, zero_point=0)
    result = writer.tensor("y", (1, 4), scale=0.5, zero_point=0)  # softmax wants 1/256
    writer.softmax(source, result)
    report = inspect_model(writer.finish([source], [result]), [RefBackend])
    assert not report.supported
    assert report.operators[0].problem is not None
    assert report.problems == (f"operator 0 SOFTMAX: {report.operators[0].problem}",)


def test_a_variable_keeps_its_place_in_the_arena_all_the_time(tflm_wheel: None) -> None:
    writer = ModelWriter()
    source = writer.tensor("x", (1, 4), scale=0.5, zero_point=0)
    state = writer.tensor("state", (1, 4), scale=0.5, zero_point=0, is_variable=True)
    middle = writer.tensor("middle", (1, 4), scale=0.5, zero_point=0)
    result = writer.tensor("y", (1, 4), scale=0.5, zero_point=0)
    writer.add(source, state, middle)
    writer.add(middle, middle, result)
    report = inspect_model(writer.finish([source], [result]), [])
    assert any("is a variable" in problem for problem in report.problems)
    assert [(b.first, b.last) for b in report.arena.blocks if b.tensor == state] == [(0, 1)]


def test_a_file_that_cannot_be_read_is_a_model_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(SINE.read_bytes()[:100])
    for model in (broken, tmp_path, tmp_path / "nowhere.tflite"):
        with pytest.raises(ModelError):
            inspect_model(model)


def test_altered_models_are_refused_or_shown(tflm_wheel: None) -> None:
    source = random.Random(5)
    outcomes: Counter[bool] = Counter()
    for make, _ in itertools.product((every_operator, two_branches), range(100)):
        content = altered(make(), source)
        try:
            report = inspect_model(content, [RefBackend])
        except ModelError:
            continue
        outcomes[report.supported] += 1
        assert shown(report, all_tensors=True, all_findings=True)
        json.loads(to_json(report))
    assert min(outcomes[True], outcomes[False]) > 10


# Warnings


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


# The look of it


def test_the_picture_has_a_row_for_each_call_and_a_run_for_each_block() -> None:
    arena = inspect_model(DIGITS, []).arena
    scale, *rows = (line.plain for line in arena_picture(arena, 90))
    assert len(rows) == len(arena.steps)
    assert {len(row) for row in rows} == {90}
    assert scale.endswith("3,072 bytes")
    for step, row in enumerate(rows):
        in_use = sum(b.size for b in arena.blocks if b.first <= step <= b.last)
        cells = row[row.index("▕") + 1 : row.index("▏")]
        assert abs(len(cells) - cells.count("·") - in_use * len(cells) / arena.length) <= 2
    assert " pointwise2 " in rows[2]


def test_names_from_a_file_cannot_steer_the_terminal(tflm_wheel: None) -> None:
    writer = ModelWriter()
    source = writer.tensor("\x1b[31mred [bold]x\u202e", (1, 4), scale=0.5, zero_point=0)
    result = writer.tensor("\x07y\n", (1, 4), scale=1 / 256, zero_point=-128)
    writer.softmax(source, result)
    text = shown(inspect_model(writer.finish([source], [result]), [RefBackend]), all_tensors=True)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "?[31mred [bold]x?" in text


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_report_keeps_within_the_width(width: int) -> None:
    text = shown(inspect_model(DIGITS, [RefBackend, PlainBackend]), width, all_tensors=True, all_findings=True)
    assert max(map(len, text.splitlines())) <= width


def test_json_holds_everything_by_name() -> None:
    report = inspect_model(DIGITS, [RefBackend])
    told = json.loads(to_json(report))
    assert told["macs"] == report.macs
    assert told["operators"][0]["scratch"] == {"RefBackend": 0}
    assert told["arena"]["blocks"][0].keys() == {"tensor", "name", "offset", "size", "first", "last"}
    assert told["findings"][0].keys() == {"check", "level", "where", "what", "consequence"}


def test_layers_that_older_firmware_scales_otherwise_are_told(tflm_wheel: None) -> None:
    # The product 0.1 * 0.3 has more bits than a float32; 0.5 * 0.25 has not.
    assert "older-firmware" in found(dense_model([[1, 2]], input_scale=0.1, scales=[0.3]))
    assert "older-firmware" not in found(dense_model([[1, 2]]))
    assert "older-firmware" not in found(dense_model([[1, 2], [3, 4]], input_scale=0.1, scales=[0.3, 0.7]))
