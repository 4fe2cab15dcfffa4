"""Known faults of the kernels are named when a program is compiled."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_esp import FAULTS, EspBackend, EspNnWarning, EspP4Backend
from ember_esp.find_faults import find_faults
from ember_infer_core import Conv2dParams, Executable, Padding, Program, UnsupportedOperator
from ember_infer_core.conformance.ops.conv2d import plain_conv2d
from ember_infer_macros import QuantizedModel, ember_model, load_program
from ember_infer_macros.lower import depthwise_conv2d
from ember_infer_macros.lower.common import OperatorSource
from ember_infer_macros.tflite.read import read_graph, read_source
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter
from esp_cases import bound, convolution_model, placed, pool_file, pool_model, published

pytestmark = pytest.mark.usefixtures("tflm_wheel")


def mul_model(shape: tuple[int, ...], other: tuple[int, ...], scale: float = 10.0) -> Program:
    writer = ModelWriter()
    first = writer.tensor("first", shape, scale=0.5, zero_point=0)
    second = writer.tensor("second", other, scale=0.5, zero_point=0)
    product = writer.tensor("product", shape, scale=scale, zero_point=0)
    writer.mul(first, second, product)
    return load_program(writer.finish([first, second], [product]))


def s3_faults(program: Program) -> list[str]:
    return faults(program, EspBackend())


def p4_faults(program: Program) -> list[str]:
    return faults(program, EspP4Backend())


def faults(program: Program, backend: EspBackend) -> list[str]:
    """The names of the faults that compiling this one-operator program is refused for."""
    (call,) = program.calls
    try:
        backend.compile(program)
    except UnsupportedOperator as error:
        lines = [line.split(f"{call.method}): ")[1] for line in str(error).splitlines() if line.startswith("  - ")]
        names = [name for line in lines for name, fault in FAULTS.items() if str(fault) == line]
        assert len(names) == len(lines) > 0
        return names
    return []


@pytest.mark.parametrize("depthwise", [False, True])
def test_dilation(depthwise: bool) -> None:
    dilated = convolution_model((1, 9, 9, 4), 4, (3, 3), depthwise=depthwise, padding="VALID", dilation_w_factor=2)
    assert s3_faults(dilated) == p4_faults(dilated) == faults(dilated, EspBackend("esp32")) == ["dilation"]
    assert faults(dilated, EspBackend(driver="tflm")) == []  # TFLM's port has the reference kernel for it


def test_a_dilation_along_a_single_tap_is_none() -> None:
    model = convolution_model((1, 9, 9, 16), 8, (3, 1), padding="VALID", dilation_w_factor=2)
    assert s3_faults(model) == p4_faults(model) == []


def test_groups() -> None:
    grouped = convolution_model((1, 6, 6, 16), 4, (3, 3), depth=8, padding="VALID")
    pointwise = convolution_model((1, 6, 6, 16), 4, (1, 1), depth=8)
    assert s3_faults(grouped) == s3_faults(pointwise) == []  # which it leaves to the ANSI C kernel
    assert p4_faults(grouped) == []
    assert p4_faults(pointwise) == ["groups"]
    assert faults(grouped, EspBackend("esp32", driver="tflm")) == []
    assert faults(pointwise, EspBackend("esp32", driver="tflm")) == ["groups"]
    assert faults(pointwise, EspBackend("esp32")) == []  # the Rust backend has ANSI C kernels there


@pytest.mark.parametrize("depthwise", [False, True])
def test_more_than_512_output_channels(depthwise: bool) -> None:
    most = convolution_model((1, 2, 2, 64), 512, (1, 1), depthwise=depthwise)
    more = convolution_model((1, 2, 2, 1 if depthwise else 64), 513, (1, 1), depthwise=depthwise)
    assert s3_faults(most) == p4_faults(most) == []
    assert s3_faults(more) == p4_faults(more) == ["channels"]


def test_an_odd_padding_of_a_general_convolution() -> None:
    # Rows: 2 of padding. Columns, at stride 2 from 9 to 5: 2; from 8 to 4: 1.
    assert s3_faults(convolution_model((1, 9, 8, 16), 4, (3, 3), stride_w=2)) == ["odd-padding"]
    assert s3_faults(convolution_model((1, 9, 9, 16), 4, (3, 3), stride_w=2)) == []
    assert s3_faults(convolution_model((1, 8, 8, 16), 4, (4, 4))) == ["odd-padding"]
    assert p4_faults(convolution_model((1, 9, 8, 16), 4, (3, 3), stride_w=2)) == []


def test_a_column_too_many_is_the_next_row_s_padding_unless_there_is_no_next_row() -> None:
    odd_columns = {"stride_h": 3, "stride_w": 1}
    assert s3_faults(convolution_model((1, 6, 6, 16), 4, (1, 4), **odd_columns)) == []  # type: ignore[arg-type]
    assert s3_faults(convolution_model((1, 7, 6, 16), 4, (1, 4), **odd_columns)) == ["odd-padding"]  # type: ignore[arg-type]


def test_an_odd_padding_at_the_end_alone_is_handled() -> None:
    assert s3_faults(convolution_model((1, 8, 8, 16), 4, (3, 3), stride_h=2, stride_w=2)) == []


def test_an_odd_padding_is_harmless_where_windows_are_copied() -> None:
    assert s3_faults(convolution_model((1, 9, 8, 3), 4, (3, 3), stride_w=2)) == []


def test_an_input_narrower_than_the_filter() -> None:
    assert s3_faults(convolution_model((1, 6, 2, 3), 4, (3, 3), stride_w=2)) == ["narrow-input"]
    assert s3_faults(convolution_model((1, 6, 3, 3), 4, (3, 3), stride_w=2)) == []


def test_padding_rows_of_a_large_depthwise_convolution() -> None:
    assert s3_faults(convolution_model((1, 32, 32, 32), 32, (5, 5), depthwise=True)) == ["padding-rows"]
    assert s3_faults(convolution_model((1, 32, 32, 32), 32, (5, 5), depthwise=True, padding="VALID")) == []
    assert s3_faults(convolution_model((1, 16, 16, 32), 32, (5, 5), depthwise=True)) == []
    assert p4_faults(convolution_model((1, 32, 32, 32), 32, (5, 5), depthwise=True)) == []


def test_a_depthwise_convolution_padded_in_one_direction() -> None:
    # 8 rows to 4: 1 of padding, all of it below. 9 columns to 5: 1 on each side.
    model = convolution_model((1, 8, 9, 16), 16, (3, 3), depthwise=True, stride_h=2, stride_w=2)
    with pytest.raises(UnsupportedOperator, match="issue 30, mended by pull request 37"):
        EspBackend().compile(model)
    assert s3_faults(model) == ["one-sided-padding"]
    assert s3_faults(convolution_model((1, 8, 9, 8), 8, (3, 3), depthwise=True, stride_h=2, stride_w=2)) == []


def test_a_large_depthwise_convolution_padded_at_the_end_alone() -> None:
    options = {"depthwise": True, "stride_h": 2, "stride_w": 2}
    assert s3_faults(convolution_model((1, 56, 56, 16), 16, (3, 3), **options)) == ["large-unpadded"]  # type: ignore[arg-type]
    assert s3_faults(convolution_model((1, 40, 40, 16), 16, (3, 3), **options)) == []  # type: ignore[arg-type]


def test_over_256_depthwise_channels_on_the_p4() -> None:
    model = convolution_model((1, 4, 4, 272), 272, (3, 3), depthwise=True)
    assert p4_faults(model) == ["p4-depthwise"]
    assert s3_faults(model) == []
    assert p4_faults(convolution_model((1, 4, 4, 256), 256, (3, 3), depthwise=True)) == []


def test_max_pool_of_odd_channels() -> None:
    assert s3_faults(pool_model("max_pool", (1, 6, 6, 6), 2)) == ["max-pool"]
    assert s3_faults(pool_model("max_pool", (1, 6, 6, 8), 2)) == []
    assert p4_faults(pool_model("max_pool", (1, 6, 6, 6), 2)) == []


def test_a_padded_max_pool_runs_on_the_portable_kernel() -> None:
    model = pool_model("max_pool", (1, 6, 6, 6), 3, padding="SAME")
    assert s3_faults(model) == []
    assert EspBackend().ansi_layers(model) == {"pool": "padding"}


def test_avg_pool_of_odd_channels_over_a_large_window() -> None:
    assert s3_faults(pool_model("avg_pool", (1, 17, 17, 3), 17)) == ["avg-pool"]
    assert s3_faults(pool_model("avg_pool", (1, 16, 16, 3), 16)) == []
    assert s3_faults(pool_model("avg_pool", (1, 17, 17, 4), 17)) == []


def test_mul_of_a_size_that_leaves_a_tail_where_the_factor_makes_ties() -> None:
    assert s3_faults(mul_model((1, 9), (1, 9), scale=8.0)) == ["mul-tail"]
    assert s3_faults(mul_model((1, 9), (1, 9), scale=5e-7)) == []  # all clamped, whatever the rounding
    assert s3_faults(mul_model((1, 16), (1, 16))) == []
    assert s3_faults(mul_model((3, 3), (3,))) == []
    assert p4_faults(mul_model((1, 9), (1, 9), scale=8.0)) == []


def test_mobilenet_v3_meets_the_faults_that_are_known_of_it(shared: Path) -> None:
    graph = read_graph(*read_source(shared / "models" / "mobilenet_v3_small.tflite"))
    met: dict[str, list[int]] = {}
    for operator in graph.operators:
        if operator.name == "DEPTHWISE_CONV_2D":
            lowered = depthwise_conv2d.lower(OperatorSource(graph, operator))
            params: Any = lowered.params
            params.bias = np.zeros(params.output_shape[3], np.int32)
            for fault in find_faults(EspBackend.target(), "1.2.3", lowered.method, params):
                met.setdefault(fault.name, []).append(operator.index)
    assert len(met.pop("padding-rows")) == 8
    assert met.pop("large-unpadded") == [4]
    assert set(met) <= {"channels"}


@pytest.mark.parametrize("name", ["sine", "speech", "person_detect"])
def test_published_models_meet_none(shared: Path, name: str) -> None:
    program = published(shared / "models" / f"{name}.tflite")
    for backend in (EspBackend(), EspP4Backend()):
        backend.compile(program).run()


# What is done about them


@pytest.fixture
def faulty() -> Program:
    """Two layers, each with a fault of its own, and one without."""
    writer = ModelWriter()
    random = np.random.default_rng(5)
    image = writer.tensor("image", (1, 8, 9, 16), scale=0.5, zero_point=-3)
    taps = writer.tensor("taps", (1, 3, 3, 16), scale=0.02, data=random.integers(-127, 128, (1, 3, 3, 16), np.int8))
    bias = writer.tensor("bias", (16,), "int32", scale=0.01, data=np.zeros(16, np.int32))
    narrow = writer.tensor("net/narrow", (1, 4, 5, 16), scale=2.0, zero_point=0)
    writer.depthwise_conv2d(image, taps, bias, narrow, stride_h=2, stride_w=2)
    filters = writer.tensor(
        "filters", (6, 1, 1, 16), scale=0.02, data=random.integers(-127, 128, (6, 1, 1, 16), np.int8)
    )
    mixed = writer.tensor("net/mixed", (1, 4, 5, 6), scale=1.0, zero_point=0)
    writer.conv2d(narrow, filters, None, mixed)
    largest = writer.tensor("net/largest", (1, 3, 4, 6), scale=1.0, zero_point=0)
    writer.max_pool_2d(mixed, largest, filter_height=2, filter_width=2)
    return load_program(writer.finish([image], [largest]))


def test_all_faulty_layers_are_named_at_once_with_operator_effect_and_issue(faulty: Program) -> None:
    with pytest.raises(UnsupportedOperator) as caught:
        EspBackend().compile(faulty)
    first, *findings, last = str(caught.value).splitlines()
    assert "ESP-NN 1.2.3 on esp32s3" in first
    assert [finding.split(":")[0] for finding in findings] == [
        "  - narrow (operator 0, depthwise_conv2d)",
        "  - largest (operator 2, max_pool)",
    ]
    assert "espressif/esp-nn issue 30" in findings[0]
    assert "returns without writing" in findings[1]
    assert "faults='ignore'" in last


def test_warn_says_it_once_and_computes_what_the_model_says(faulty: Program) -> None:
    with pytest.warns(EspNnWarning, match="narrow") as caught:
        executable = EspBackend(faults="warn").compile(faulty)
    assert len(caught) == 1
    assert Path(caught[0].filename) == Path(__file__)
    assert_exact(executable, faulty)


def test_ignore_says_nothing_and_computes_what_the_model_says(faulty: Program) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_exact(EspBackend(faults="ignore").compile(faulty), faulty)


def assert_exact(executable: Executable, program: Program) -> None:
    exact = RefBackend().compile(program)
    content = np.random.default_rng(0).integers(-128, 128, exact.inputs[0].shape, np.int8)
    for ready in (executable, exact):
        ready.inputs[0][...] = content
        ready.run()
    np.testing.assert_array_equal(executable.outputs[0], exact.outputs[0])


def test_bind_is_where_it_is_said() -> None:
    content = pool_file("max_pool", (1, 6, 6, 6), 2)

    @ember_model(content)  # type: ignore[ember-model]
    class Pool(QuantizedModel): ...

    assert Pool.scratch_len[EspBackend]() == 0
    with pytest.raises(UnsupportedOperator, match="returns without writing"):
        Pool.bind(EspBackend())
    Pool.bind(EspBackend(faults="ignore")).run()


def test_a_single_call_is_refused_before_it_writes() -> None:
    call = bound(odd_padding_call())
    with pytest.raises(UnsupportedOperator, match=r"EspBackend\.conv2d.*\n.*issue 31"):
        EspBackend().conv2d(call)
    assert (call.output == 77).all()
    with pytest.warns(EspNnWarning, match="issue 31"):
        EspBackend(faults="warn").conv2d(call)


def test_an_unaligned_input_takes_the_slower_exact_path_around_a_fault() -> None:
    params = odd_padding_call()
    exact = bound(params)
    RefBackend().conv2d(exact)
    call = bound(params, offset=8)
    EspBackend().conv2d(call)
    np.testing.assert_array_equal(call.output, exact.output)


def odd_padding_call() -> Conv2dParams:
    random = np.random.default_rng(0)
    image, weights = (random.integers(-128, 128, shape, np.int8) for shape in ((1, 5, 5, 16), (3, 4, 4, 16)))
    return plain_conv2d(placed(image), weights, scale=0.001, padding=Padding.SAME)


def test_layers_on_portable_kernels_are_listed_with_the_reason() -> None:
    writer = ModelWriter()
    random = np.random.default_rng(5)
    row = writer.tensor("row", (1, 12), scale=0.5, zero_point=0)
    wide = writer.tensor("wide", (1, 16), scale=0.5, zero_point=0)
    short_rows = writer.tensor("short/weights", (16, 12), scale=0.1, data=random.integers(-9, 9, (16, 12), np.int8))
    offset = writer.tensor(
        "offset/weights", (16, 16), scale=0.1, zero_point=3, data=random.integers(-9, 9, (16, 16), np.int8)
    )
    narrow = writer.tensor("narrow", (1, 16), scale=0.5, zero_point=0)
    writer.fully_connected(row, short_rows, None, wide)
    writer.fully_connected(wide, offset, None, narrow)
    program = load_program(writer.finish([row], [narrow]))
    assert EspBackend().ansi_layers(program) == {
        "wide": "rows of under 16 bytes",
        "narrow": "the weights have a zero point",
    }
    assert EspP4Backend().ansi_layers(program) == {}
