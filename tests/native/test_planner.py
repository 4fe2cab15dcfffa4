"""Layouts, borders and places: networks in which tensors are read in different ways, and shapes that kernels cut up.

Many small networks stand beside each other in one model, which is compiled once for all of them; each test looks at the
outputs of its own network.
"""

from __future__ import annotations

import functools
import itertools
from pathlib import Path

import pytest

from ember_infer_core import KernelError, Program
from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from ember_infer_native.codegen import MAIN, generate
from ember_infer_native.plan import Kernel, Step
from ember_infer_native.planner import plan_program
from ember_infer_native.targets import TARGETS, Target
from ember_infer_native.toolchain import Compiler
from tests.native.nets import Activation, Net, Pair
from tests.native.results import Build, Results, results
from tests.native.running import assert_equal, random_inputs, reference, run
from tests.support.tflm import Tflm

# Borders


def borders_of_an_activation(net: Net) -> None:
    x = net.conv2d(net.input(1, 6, 5, 3), 7)
    net.output(net.conv2d(x, 5))


def borders_of_an_input(net: Net) -> None:
    net.output(net.conv2d(net.input(2, 6, 5, 3), 5, (3, 4)))


def readers_with_different_borders(net: Net) -> None:
    x = net.conv2d(net.input(1, 9, 8, 2), 6)
    net.output(
        net.conv2d(x, 3, (5, 5)),
        net.conv2d(x, 4, (3, 3), stride=(2, 2)),
        net.conv2d(x, 4, (2, 2)),
        net.depthwise(x, (3, 7), stride=(1, 2)),
        net.conv2d(x, 4, (3, 3), padding="VALID"),
        net.conv2d(x, 4, (1, 1)),
        net.pool(x, "max", (3, 3), padding="SAME"),
        net.pool(x, "average", (2, 2), padding="SAME", stride=(2, 2)),
    )


def every_kind_of_writer_and_reader_with_borders(net: Net) -> None:
    x = net.input(2, 8, 8, 5)
    x = net.conv2d(net.pool(net.conv2d(x, 6), "max", (2, 2)), 6)
    x = net.conv2d(net.depthwise(x, (3, 3)), 6)
    y = net.conv2d(net.add(x, net.conv2d(x, 6)), 6)
    z = net.conv2d(net.mul(y, x), 6)
    net.output(net.conv2d(net.pool(z, "average", (2, 2), padding="SAME"), 3))


def an_output_with_borders(net: Net) -> None:
    x = net.conv2d(net.input(2, 5, 5, 2), 3)
    net.output(x, net.conv2d(x, 3))


def an_input_with_borders_is_an_output(net: Net) -> None:
    x = net.input(1, 5, 5, 2)
    net.output(x, net.conv2d(x, 3))


def borders_and_an_alias(net: Net) -> None:
    """The alias keeps the tensor dense: the convolution reads a copy."""
    x = net.conv2d(net.input(1, 4, 5, 3), 4)
    net.output(net.conv2d(x, 4), net.dense(net.reshape(x, 1, 80), 5, 80), net.conv2d(x, 2, (5, 5)))


def an_alias_of_an_input(net: Net) -> None:
    x = net.input(1, 48)
    image = net.reshape(x, 1, 4, 4, 3)
    net.output(net.conv2d(image, 3), net.reshape(image, 2, 24), net.add(x, x))


def an_alias_is_an_output(net: Net) -> None:
    x = net.conv2d(net.input(1, 4, 4, 3), 3)
    net.output(net.reshape(x, 48), net.conv2d(net.reshape(net.reshape(x, 48), 1, 8, 2, 3), 2))


def a_bordered_sum_with_itself(net: Net) -> None:
    x = net.conv2d(net.input(3, 5, 4, 2), 3)
    net.output(net.conv2d(net.add(x, x), 3), net.conv2d(net.mul(x, x), 3))


def a_bordered_tensor_is_broadcast(net: Net) -> None:
    x = net.conv2d(net.input(1, 5, 4, 2), 3)
    net.output(net.conv2d(net.add(x, net.constant(3)), 3), net.mul(net.input(5, 1, 1), x))


def constants_for_activations(net: Net) -> None:
    image = net.constant(2, 5, 5, 3)
    x = net.conv2d(image, 4)
    net.output(
        net.add(x, net.input(2, 5, 5, 4)),
        net.add(net.conv2d(net.input(2, 5, 5, 3), 3), image),
        net.pool(image, "average", (3, 3)),
        net.depthwise(image, (3, 3), multiplier=2),
        net.dense(net.constant(3, 8), 4, 8),
        net.softmax(net.constant(2, 9)),
        net.mul(net.constant(4), net.constant(3, 1)),
    )


def dilated_with_borders(net: Net) -> None:
    x = net.conv2d(net.input(1, 9, 9, 4), 4, dilation=(2, 3))
    x = net.depthwise(x, (3, 3), dilation=(3, 2))
    net.output(net.conv2d(x, 4, (2, 3), dilation=(5, 9)), net.conv2d(x, 3, (2, 2), padding="VALID", dilation=(8, 3)))


# Shapes of convolutions


def convolution(shape: tuple[int, int, int, int], filters: int, kernel: Pair, **options: object) -> Build:
    def build(net: Net) -> None:
        net.output(net.conv2d(net.input(*shape), filters, kernel, **options))  # type: ignore[arg-type]

    return build


def depthwise(shape: tuple[int, int, int, int], kernel: Pair, **options: object) -> Build:
    def build(net: Net) -> None:
        net.output(net.depthwise(net.input(*shape), kernel, **options))  # type: ignore[arg-type]

    return build


def dense(batch: int, depth: int, units: int, zero_point: int = 0) -> Build:
    def build(net: Net) -> None:
        net.output(net.dense(net.input(batch, depth), units, depth, zero_point=zero_point))

    return build


def many_channels(net: Net) -> None:
    """One more and one fewer than fill vectors, blocks and tiles."""
    x = net.input(1, 2, 3, 9)
    net.output(*(net.conv2d(x, filters, (1, 1)) for filters in (1, 2, 3, 8, 15, 16, 17, 31, 33, 48, 63, 64, 65, 129)))


def many_columns(net: Net) -> None:
    for columns in (1, 2, 3, 4, 5, 6, 7, 11, 13, 25):
        net.output(net.conv2d(net.input(1, 2, columns, 5), 20, (2, 2)))


def narrow_channels_side_by_side(net: Net) -> None:
    """Few filters over many columns: neighbouring outputs share a vector."""
    for filters in (1, 2, 3, 4, 8):
        net.output(
            net.conv2d(net.input(2, 8, 16, 1), filters, (5, 4), stride=(2, 2)),
            net.conv2d(net.input(1, 8, 16, 3), filters, (3, 3)),
            net.conv2d(net.input(1, 4, 32, 1), filters, (1, 1), stride=(1, 4)),
        )


def columns_of_every_width(net: Net) -> None:
    for channels in (2, 3, 7, 16, 31, 32, 33, 63, 64, 65, 96, 128):
        net.output(net.depthwise(net.input(1, 5, 4, channels), (3, 3)))


def dense_of_every_size(net: Net) -> None:
    for depth in (1, 3, 4, 127, 128, 255, 256, 257, 320):
        for units in (1, 4, 5, 8, 9, 17):
            net.output(net.dense(net.input(2, depth), units, depth))


# Elementwise


def equal_shapes_of_every_rank(net: Net) -> None:
    for rank in range(1, 7):
        shape = (3, 2, 1, 2, 3, 7)[-rank:]
        net.output(net.add(net.input(*shape), net.input(*shape), "RELU"), net.mul(net.input(*shape), net.input(*shape)))


def rows_of_every_length(net: Net) -> None:
    for length in (1, 15, 16, 63, 64, 65, 127, 128, 200):
        net.output(net.add(net.input(2, length), net.input(2, length)), net.mul(net.input(length), net.input(length)))


def broadcast_shapes(net: Net) -> None:
    pairs = [
        ((4, 1), (1, 5)),
        ((2, 3, 4), (4,)),
        ((2, 3, 4), (3, 1)),
        ((2, 1, 4), (1, 3, 1)),
        ((1,), (2, 3, 4, 5)),
        ((2, 3, 1, 5), (1, 3, 4, 1)),
        ((2, 1, 2, 1, 2), (1, 3, 1, 3, 1)),
        ((2, 1, 2, 1, 2, 1), (1, 2, 1, 2, 1, 2)),
    ]
    for first, second in pairs:
        net.output(
            net.add(net.input(*first), net.input(*second)),
            net.mul(net.input(*second), net.constant(*first)),
            net.add(net.constant(*second), net.input(*first)),
        )


NETS: dict[str, Build] = {
    build.__name__: build
    for build in (
        borders_of_an_activation,
        borders_of_an_input,
        readers_with_different_borders,
        every_kind_of_writer_and_reader_with_borders,
        an_output_with_borders,
        an_input_with_borders_is_an_output,
        borders_and_an_alias,
        an_alias_of_an_input,
        an_alias_is_an_output,
        a_bordered_sum_with_itself,
        a_bordered_tensor_is_broadcast,
        constants_for_activations,
        dilated_with_borders,
    )
}
SHAPES: dict[str, Build] = {
    "groups": convolution((2, 5, 5, 6), 9, (3, 3), groups=3),
    "depthwise as groups": convolution((1, 5, 5, 6), 12, (3, 3), groups=6, dilation=(2, 2)),
    "groups of many channels": convolution((1, 4, 4, 40), 34, (2, 2), groups=2, bias=False),
    "a row of taps": convolution((1, 1, 20, 3), 4, (1, 5)),
    "a column of taps": convolution((1, 20, 1, 3), 4, (5, 1)),
    "filter larger than the image": convolution((2, 2, 3, 2), 3, (7, 9)),
    "strides larger than the filter": convolution((1, 11, 11, 3), 5, (2, 1), stride=(5, 4)),
    "strides over the image": convolution((1, 4, 4, 3), 5, (3, 3), stride=(9, 7)),
    "padding left alone": convolution((1, 6, 6, 20), 5, (6, 6), padding="VALID"),
    "long sums": convolution((1, 3, 3, 250), 5, (3, 3)),
    "dilated far beyond the image": convolution((2, 3, 4, 2), 3, (3, 3), dilation=(10_000, 30_000)),
    "dilated beyond the image in one direction": convolution((1, 3, 9, 2), 3, (3, 5), dilation=(10_000, 3)),
    "some taps beyond the image": convolution((1, 5, 7, 2), 3, (5, 5), stride=(2, 3), dilation=(2, 4)),
    "all taps beyond the image": convolution((1, 3, 4, 2), 300, (2, 2), dilation=(10_000, 10_000)),
    "all taps above or below the image": convolution((1, 3, 4, 4), 6, (2, 3), groups=2, dilation=(500, 1)),
    "depthwise, some taps beyond the image": depthwise((1, 5, 7, 6), (5, 5), stride=(2, 3), dilation=(2, 4)),
    "depthwise, all taps beyond the image": depthwise((1, 3, 4, 5), (4, 4), multiplier=2, dilation=(10_000, 10_000)),
    "depthwise of one channel, all taps beyond the image": depthwise(
        (1, 3, 4, 1), (4, 2), multiplier=3, dilation=(9999, 900)
    ),
    "clamped": convolution((1, 5, 5, 8), 24, (3, 3), activation="RELU6"),
    "many channels": many_channels,
    "many columns": many_columns,
    "narrow channels side by side": narrow_channels_side_by_side,
    "depthwise of columns of every width": columns_of_every_width,
    "depthwise of one channel": depthwise((2, 7, 6, 1), (3, 3), multiplier=8, stride=(2, 2)),
    "depthwise of one channel, dilated": depthwise((1, 7, 6, 1), (2, 3), multiplier=3, dilation=(2, 2)),
    "depth multiplier": depthwise((2, 5, 5, 4), (3, 3), multiplier=3),
    "depth multiplier, strides": depthwise((1, 7, 7, 5), (3, 2), multiplier=2, stride=(2, 3)),
    "depthwise over strides": depthwise((2, 9, 10, 3), (3, 3), stride=(2, 2)),
    "depthwise over strides, dilated": depthwise((1, 9, 13, 5), (3, 3), stride=(2, 3), dilation=(2, 2)),
    "depthwise over strides, whole chunks": depthwise((1, 7, 7, 64), (3, 3), stride=(2, 2)),
    "depthwise, whole chunks, no slide": depthwise((1, 5, 5, 128), (3, 3), dilation=(1, 2)),
    "depthwise slides by its dilation": depthwise((1, 6, 9, 64), (3, 3), stride=(1, 2), dilation=(1, 2)),
    "depthwise of one row": depthwise((1, 1, 9, 64), (3, 3)),
    "depthwise of four rows of taps": depthwise((1, 7, 6, 64), (4, 3)),
    "depthwise of five rows of taps": depthwise((1, 7, 6, 20), (5, 5)),
    "depthwise of eight rows of taps": depthwise((1, 9, 5, 3), (8, 1)),
    "depthwise of two rows": depthwise((1, 2, 3, 70), (3, 3)),
    "depthwise filter larger than the image": depthwise((1, 2, 3, 4), (7, 9)),
    "depthwise of one tap": depthwise((2, 3, 4, 6), (1, 1)),
    "depthwise of the whole image": depthwise((1, 6, 5, 33), (6, 5), padding="VALID", bias=False),
    "dense of every size": dense_of_every_size,
    "dense weights with a zero point": dense(3, 20, 6, 5),
    "dense weights with a zero point at either end": dense(2, 300, 3, -128),
    "dense weights with the other end": dense(1, 270, 12, 127),
    "dense of many rows": dense(70, 9, 5),
}
ELEMENTWISE: dict[str, Build] = {
    build.__name__: build for build in (equal_shapes_of_every_rank, rows_of_every_length, broadcast_shapes)
}


@pytest.fixture(scope="module")
def net_results(native: NativeBackend, tflm: Tflm) -> Results:
    return results(NETS, native, tflm)


@pytest.fixture(scope="module")
def shape_results(native: NativeBackend, tflm: Tflm) -> Results:
    return results(SHAPES, native, tflm)


@pytest.fixture(scope="module")
def elementwise_results(native: NativeBackend, tflm: Tflm) -> Results:
    return results(ELEMENTWISE, native, tflm)


@pytest.mark.parametrize("name", NETS)
def test_net(name: str, net_results: Results) -> None:
    net_results.check(name)


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name: str, shape_results: Results) -> None:
    shape_results.check(name)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name: str, elementwise_results: Results) -> None:
    elementwise_results.check(name)


# What TensorFlow Lite Micro cannot run, and RefBackend can


def softmax_of_many_classes(net: Net) -> None:
    for classes in (1, 2, 300, 511, 512, 513, 1001, 4095, 4096, 4097, 9000):
        net.output(net.softmax(net.input(2, classes), 0.02), net.softmax(net.input(1, classes), 1.0))


BEYOND: dict[str, Build] = {build.__name__: build for build in (softmax_of_many_classes,)}


@pytest.fixture(scope="module")
def results_beyond(native: NativeBackend) -> Results:
    return results(BEYOND, native, None)


@pytest.mark.parametrize("name", BEYOND)
def test_beyond_tflm(name: str, results_beyond: Results) -> None:
    results_beyond.check(name)


# Plans


def program_of(build: Build) -> Program:
    net = Net()
    build(net)
    return load_program(net.finish())


@functools.cache
def every_program() -> Program:
    """All networks beside each other."""
    net = Net()
    for build in (NETS | SHAPES | ELEMENTWISE | BEYOND).values():
        build(net)
    return load_program(net.finish())


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_step_stays_in_its_memory(target: Target) -> None:
    """No place begins before its memory or beyond its end, for any target, whatever this processor runs."""
    plan = plan_program(every_program(), target)
    lengths = {"arena": plan.arena_len, "constants": len(plan.constants)}
    steps = [*plan.prepare, *plan.imports, *plan.exports, *(step for _, some in plan.layers for step in some)]
    for step in steps:
        for pointer in step.pointers:
            if pointer.base in lengths:
                assert 0 <= pointer.offset < lengths[pointer.base], step
            else:
                assert pointer.offset == 0, step


def huge_temporary(net: Net) -> None:
    """Only what is between input and output is too large: each channel eight times."""
    net.output(net.depthwise(net.input(1, 20_000, 10_000, 2), (3, 3), multiplier=8, stride=(99, 99)))


def huge_borders(net: Net) -> None:
    """The image has room, but not with a filter's borders around it."""
    net.output(net.conv2d(net.input(1, 3000, 340_000, 1), 1, (6000, 3), stride=(99, 99)))


@pytest.mark.parametrize("build", [huge_temporary, huge_borders])
def test_memory_beyond_2_gib_is_refused_before_anything_is_compiled(
    build: Build, c_compiler: Compiler, tmp_path: Path
) -> None:
    program = program_of(build)
    with pytest.raises(KernelError, match="too large for this backend"):
        NativeBackend(cache=tmp_path).compile(program)
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".so"]


ANYTHING = Kernel("anything", "anything", "anything", 0)


@pytest.mark.parametrize("field", [2**31, -(2**31) - 1, (1, 2**31), 2**40])
def test_no_step_has_a_field_beyond_cs_int(field: int | tuple[int, ...]) -> None:
    with pytest.raises(KernelError, match=r"anything: size comes to .*too large"):
        Step(ANYTHING, (), {"fine": 3, "size": field}, ())


def test_fields_up_to_cs_int_are_taken() -> None:
    """A limit that refuses too much would go unnoticed."""
    Step(ANYTHING, (), {"sizes": (2**31 - 1, -(2**31))}, ())


def test_tensors_with_borders_share_no_memory() -> None:
    """Their borders are filled once and have to last."""
    program = program_of(every_kind_of_writer_and_reader_with_borders)
    for target in TARGETS:
        plan = plan_program(program, target)
        places = []
        for step in plan.prepare:
            start, size = step.pointers[0].offset, step.fields["bytes"]
            assert isinstance(size, int)
            places.append((start, start + size))
        assert len(places) >= 6
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(sorted(places)))


def test_a_name_in_a_model_never_reaches_the_code(native: NativeBackend) -> None:
    net = Net()
    x = net.input(1, 4)
    hostile = 'x"); system("touch /owned"); //\\\n*/ #error '
    index = net.writer.tensor(hostile, (1, 4), scale=0.5)
    net.writer.add(x.index, x.index, index)
    net.output(Activation(index, (1, 4)))
    program = load_program(net.finish())
    source = generate(plan_program(program, TARGETS[-1]))[MAIN]
    assert isinstance(source, str)
    assert "owned" not in source
    inputs = random_inputs(program, 1)
    assert_equal([run(native.compile(program), inputs[0])], reference(program, inputs))
