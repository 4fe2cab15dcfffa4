"""Scratch sizes: the device's own numbers, formulas worked out by hand, and what is done with too little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ember_esp import EspBackend, EspP4Backend
from ember_infer_core import AlignmentError, ScratchTooSmall
from ember_infer_core.conformance.ops.conv2d import plain_conv2d
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_macros.tflite.read import read_graph, read_source
from ember_infer_ref import RefBackend
from esp_cases import bound, convolution_model, memory, placed, published

Shape4 = tuple[int, int, int, int]

S3_GOLDEN = {"sine": 0, "speech": 5248, "person_detect": 69712}
P4_GOLDEN = {"sine": 0, "speech": 32, "person_detect": 69680}


@ember_model("../../models/digits.tflite")
class DigitsModel(QuantizedModel): ...


@pytest.mark.parametrize(("name", "length"), S3_GOLDEN.items())
def test_the_esp32s3_asks_for_its_golden_number_of_bytes(shared: Path, name: str, length: int) -> None:
    assert published(shared / "models" / f"{name}.tflite").scratch_len(EspBackend) == length


@pytest.mark.parametrize(("name", "length"), P4_GOLDEN.items())
def test_the_esp32p4_asks_for_its_golden_number_of_bytes(shared: Path, name: str, length: int) -> None:
    program = published(shared / "models" / f"{name}.tflite")
    assert program.scratch_len(EspP4Backend) == length
    assert program.scratch_len(type(EspBackend(chip="esp32p4"))) == length


@pytest.mark.parametrize(("backend", "length"), [(EspBackend, 1_024_080), (EspP4Backend, 1_024_048)])
def test_the_convolutions_of_mobilenet_v3_ask_for_its_golden_number(
    shared: Path, backend: type[EspBackend], length: int
) -> None:
    graph = read_graph(*read_source(shared / "models" / "mobilenet_v3_small.tflite"))
    sizes = []
    for operator in graph.operators:
        shapes = [graph.tensors[index].shape for index in (*operator.inputs[:2], operator.outputs[0])]
        if operator.name == "CONV_2D":
            sizes.append(backend.conv2d_scratch_size(*map(shape4, shapes)))
        elif operator.name == "DEPTHWISE_CONV_2D":
            sizes.append(backend.depthwise_conv2d_scratch_size(*map(shape4, shapes)))
    assert len(sizes) > 50
    assert max(sizes) == length


def shape4(shape: tuple[int, ...]) -> Shape4:
    batch, height, width, channels = shape
    return batch, height, width, channels


# Input, filter, output; and the kernel's bytes on each chip, added up by hand. 16 more come on top of each.
CONVOLUTIONS = {
    # 8*5 weights, 16*8 transposed (the image has 16 pixels), 64; on the P4 20*5 + 64.
    "pointwise, 8 channels": ((1, 4, 4, 8), (5, 1, 1, 8), (1, 4, 4, 5), 40 + 128 + 64, 100 + 64),
    # Up to 24 channels: 4 pixels of input copied (96), 24*3 weights, nothing transposed.
    "pointwise, 20 channels, few pixels": ((1, 2, 2, 20), (3, 1, 1, 20), (1, 2, 2, 3), 96 + 72 + 64, 96 + 72 + 32),
    # im2col: a window of 27, rounded to 32; on the P4 sums, window, 32.
    "3x3 on 3 channels": ((1, 8, 8, 3), (4, 3, 3, 3), (1, 8, 8, 4), 16 + 16 + 4 * 32 + 16 + 32 + 64, 16 + 27 + 32),
    # General, padding 1: 10*10*16 padded; 9*16*8 weights twice; reach 10-8=2 each way, so 10*10*16 again; 64 + 32.
    "3x3 on 16 channels, SAME": (
        (1, 8, 8, 16),
        (8, 3, 3, 16),
        (1, 8, 8, 8),
        1600 + 1152 + 1152 + 1600 + 64 + 32,
        32 + 144 + 32,
    ),
    # General, VALID: no padding and no reach. On the P4 the direct path.
    "3x3 on 16 channels, VALID": (
        (1, 8, 8, 16),
        (8, 3, 3, 16),
        (1, 6, 6, 8),
        1152 + 1152 + 64 + 32,
        1152 + 32 + 32,
    ),
    # A window of 4: general on the S3 (4*16*2 weights, rows of 16*2*2), no reach; on the P4 channels up to 16.
    "2x2 on 1 channel, VALID": (
        (1, 5, 5, 1),
        (2, 2, 2, 1),
        (1, 4, 4, 2),
        128 + 64 + 64 + 8,
        8 + 4 * 16 * 2 + 25 * 16 + 32,
    ),
    # A window of 9, padding 1: 7*7 padded, and again for a reach of 2; 9*16*2 and 16*3*2 of weights.
    "3x3 on 1 channel, SAME": (
        (1, 5, 5, 1),
        (2, 3, 3, 1),
        (1, 5, 5, 2),
        49 + 288 + 96 + 49 + 64 + 8,
        49 + 288 + 32 + 8,
    ),
    # 202 rows of 202 are over the P4's budget: e=16, weights 288, rows of 3232; (32768-8-288-9696)//3232+1 = 8 rows of
    # output, so (7 + 3 + 2) rows of input. The S3: 202*202 twice.
    "3x3 on a large image of 1 channel": (
        (1, 200, 200, 1),
        (2, 3, 3, 1),
        (1, 200, 200, 2),
        2 * 40804 + 288 + 96 + 64 + 8,
        12 * 3232 + 288 + 32 + 8,
    ),
}

DEPTHWISE = {
    # 9*16 weights, 10*10*16 padded.
    "3x3, 16 channels, SAME": ((1, 8, 8, 16), (1, 3, 3, 16), (1, 8, 8, 16), 144 + 1600 + 16),
    # A single output leaves the stride open: 1 is taken, which reaches two pixels short of the end, each way.
    "3x3, 16 channels, one output": ((1, 5, 5, 16), (1, 3, 3, 16), (1, 1, 1, 16), 144 + 3 * 3 * 16 + 16),
    "3x3, 16 channels, VALID": ((1, 8, 8, 16), (1, 3, 3, 16), (1, 6, 6, 16), 144 + 16),
    # 58*58*16 = 53,824 is over 40 KiB: three rows of it.
    "3x3, 16 channels, large": ((1, 56, 56, 16), (1, 3, 3, 16), (1, 56, 56, 16), 144 + 58 * 3 * 16 + 16),
    # 24 channels become 32; (6 + 2 + 2) each way, for the reach is counted on top of the padding.
    "3x3, 24 channels": ((1, 6, 6, 24), (1, 3, 3, 24), (1, 6, 6, 24), 288 + 10 * 10 * 32 + 36 * 32 + 64),
    "3x3, 8 channels": ((1, 6, 6, 8), (1, 3, 3, 8), (1, 6, 6, 8), 2 * (72 + 288) + 32),
    "5x5, 8 channels": ((1, 6, 6, 8), (1, 5, 5, 8), (1, 6, 6, 8), 2 * (200 + 288) + 32),
    # 2*(800 + 32,768) is over 48 KiB: five rows.
    "5x5, 32 channels, large": ((1, 32, 32, 32), (1, 5, 5, 32), (1, 32, 32, 32), 1600 + 2 * 32 * 5 * 32 + 32),
    # 5 channels become 8: 144 + 2*36*8 = 720; + 36*8 = 1008; + 96 + 16.
    "3x3, 5 channels": ((1, 6, 6, 5), (1, 3, 3, 5), (1, 6, 6, 5), 1008 + 96 + 16),
    "8 outputs for each input": ((1, 49, 40, 1), (1, 10, 8, 8), (1, 25, 20, 8), 2 * (640 + 1960) + 32),
    "3 outputs for each input": ((1, 6, 6, 2), (1, 3, 3, 6), (1, 6, 6, 6), 32),
}


@pytest.mark.parametrize(("image", "weights", "output", "s3", "p4"), CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_a_convolution_asks_for_what_the_formula_gives(
    image: Shape4, weights: Shape4, output: Shape4, s3: int, p4: int
) -> None:
    assert EspBackend.conv2d_scratch_size(image, weights, output) == s3 + 16
    assert EspP4Backend.conv2d_scratch_size(image, weights, output) == p4 + 16


@pytest.mark.parametrize(("image", "weights", "output", "s3"), DEPTHWISE.values(), ids=DEPTHWISE)
def test_a_depthwise_convolution_asks_for_what_the_formula_gives(
    image: Shape4, weights: Shape4, output: Shape4, s3: int
) -> None:
    assert EspBackend.depthwise_conv2d_scratch_size(image, weights, output) == s3 + 16
    assert EspP4Backend.depthwise_conv2d_scratch_size(image, weights, output) == 0


def test_a_softmax_asks_for_four_bytes_a_class() -> None:
    for backend in (EspBackend, EspP4Backend):
        assert backend.softmax_scratch_size(10) == 40 + 16


def test_a_stride_is_inferred_as_valid_if_that_fits_and_as_same_otherwise() -> None:
    # 9 pixels to 4: VALID at stride 2 fits (3*2+3 = 9), so that nothing is padded, copied or reached beyond.
    assert EspBackend.conv2d_scratch_size((1, 9, 9, 16), (8, 3, 3, 16), (1, 4, 4, 8)) == (
        2 * 1152 + (9 + 1) * (9 + 1) * 16 + 64 + 32 + 16
    )
    # 9 to 5: only SAME at stride 2, with one pixel of padding.
    assert EspBackend.conv2d_scratch_size((1, 9, 9, 16), (8, 3, 3, 16), (1, 5, 5, 8)) == (
        11 * 11 * 16 + 2 * 1152 + 12 * 12 * 16 + 64 + 32 + 16
    )


# Enforcement


def digit() -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return np.random.default_rng(1).integers(-128, 128, DigitsModel.input_shape(), np.int8)


@pytest.mark.parametrize("chip", ["esp32s3", "esp32p4"])
def test_scratch_of_the_asked_length_suffices(chip: str) -> None:
    backend = EspBackend(chip, faults="ignore")  # type: ignore[arg-type]
    needed = DigitsModel.scratch_len[type(backend)]()
    expected, output = np.empty(10, np.int8), np.empty(10, np.int8)
    DigitsModel.predict_quantized(RefBackend(), digit(), expected)
    DigitsModel.predict_quantized_with_scratch(backend, digit(), output, memory(needed))
    np.testing.assert_array_equal(output, expected)


def test_a_short_scratch_is_refused_before_anything_is_written() -> None:
    backend = EspBackend(faults="ignore")
    needed = DigitsModel.scratch_len[EspBackend]()
    output = np.full(10, 77, np.int8)
    with pytest.raises(ScratchTooSmall) as caught:
        DigitsModel.predict_quantized_with_scratch(backend, digit(), output, memory(needed - 1))
    assert (caught.value.needed, caught.value.given) == (needed, needed - 1)
    assert (output == 77).all()


@pytest.mark.parametrize("offset", [1, 4, 8, 15])
def test_a_misaligned_scratch_is_refused_before_anything_runs(offset: int) -> None:
    backend = EspBackend(faults="ignore")
    session = DigitsModel.bind(backend)
    session.run()
    before = session.output.copy()
    session.input[...] = digit()
    with pytest.raises(AlignmentError, match=f"starts {offset} bytes after a multiple of 16"):
        session.run(memory(DigitsModel.scratch_len[EspBackend](), offset))
    np.testing.assert_array_equal(session.output, before)


@pytest.mark.usefixtures("tflm_wheel")
def test_a_model_without_scratch_takes_any() -> None:
    program = convolution_model((1, 4, 4, 1), 2, (1, 2), depthwise=True, padding="VALID")
    assert program.scratch_len(EspP4Backend) == 0
    EspP4Backend().compile(program).run(memory(7, offset=3))


def test_a_single_call_checks_its_scratch() -> None:
    random = np.random.default_rng(0)
    image, weights = (random.integers(-128, 128, shape, np.int8) for shape in ((1, 4, 4, 8), (5, 1, 1, 8)))
    params = plain_conv2d(placed(image), weights, scale=0.01)
    call = bound(params)
    call.scratch = call.scratch[:-1]
    with pytest.raises(ScratchTooSmall, match=r"EspBackend\.conv2d"):
        EspBackend().conv2d(call)
    call.scratch = memory(params.scratch_size(EspBackend), offset=8)
    with pytest.raises(AlignmentError, match=r"EspBackend\.conv2d"):
        EspBackend().conv2d(call)
    assert (call.output == 77).all()
