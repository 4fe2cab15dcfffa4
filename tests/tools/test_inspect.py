"""``ember_infer_tools.inspect``: what a model needs, also where it cannot be run."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_core import ModelError, UnsupportedModelError
from ember_infer_macros import limits, load_program
from ember_infer_macros.lower import budget
from ember_infer_macros.tflite.schema import BuiltinOperator as Op
from ember_infer_macros.tflite.schema import TensorType
from ember_infer_ref import RefBackend
from ember_infer_tools.inspect import inspect_model, to_json
from ember_infer_tools.tflite_writer import ModelWriter, pack_model
from tests.conftest import REPOSITORY
from tests.support.alter import altered
from tests.support.flat_file import Int
from tests.support.hostile_models import FAMILIES
from tests.support.one_operator import constant, one_operator, tensor
from tests.support.samples import every_operator, two_branches
from tests.support.shared_parts import SharedModel
from tests.tools.inspecting import DIGITS, PlainBackend, shown

SINE = REPOSITORY / "models" / "sine.tflite"


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
    assert report.operators[0].activation == "RELU"
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
    assert report.operators[0].activation is None


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


def test_a_file_that_cannot_be_read_is_a_model_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(SINE.read_bytes()[:100])
    for model in (broken, tmp_path, tmp_path / "nowhere.tflite"):
        with pytest.raises(ModelError):
            inspect_model(model)


def test_a_refused_model_is_looked_at_within_the_budget_of_others(
    limited_memory: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MIRROR_PAD of rank 5 is 243 copies, also where another operator stands in the model's way."""
    monkeypatch.setattr(budget, "MAX_COPIES", 1000)
    model = SharedModel()
    paddings = model.tensor((5, 2), TensorType.INT32, data=np.ones((5, 2), np.int32))
    input, output = model.tensor((2,) * 5), model.tensor((4,) * 5)
    for _ in range(8):
        model.operator(Op.MIRROR_PAD, [input, paddings], [output], (77, {0: Int(1)}))
    model.operator(Op.TILE, [input, paddings], [output])
    report = inspect_model(model.finish([input], [output]))
    lowered = [operator.method for operator in report.operators if operator.method is not None]
    assert lowered == ["mirror_pad"] * 5
    assert any("make more than 1,000 copies" in problem for problem in report.problems)


def test_of_a_model_that_asks_for_too_much_no_operator_is_looked_at(
    limited_memory: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_NUMBERS", 1000)
    report = inspect_model(FAMILIES["shapes_read_from_one_large_constant"](30))
    assert [operator.method for operator in report.operators] == [None] * 30
    assert len(report.problems) == 1
    assert "scales, axes, sizes, indices and bytes of weights" in report.problems[0]


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
