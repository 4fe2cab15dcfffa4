"""Files that are odd in what nothing uses, or in how they store things.

What TensorFlow Lite Micro makes of each is asked, not assumed: what runs there runs here, byte for byte alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ember_infer_core import ModelError, ModelWarning, UnsupportedModelError
from ember_infer_macros import load_program
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter, load_schema, pack_model
from tests.support.against_tflm import run_on
from tests.support.samples import every_operator
from tests.support.tflm import Tflm
from tests.test_odd_models import EQUAL, REFUSED_BY_BOTH, REFUSED_BY_TFLM, Build, verdict

Change = Callable[[Any], None]
Select = Callable[[Any], Any]


def unused(**fields: Any) -> Change:
    """Adds a tensor that nothing uses."""

    def change(model: Any) -> None:
        tensor = load_schema().TensorT()
        tensor.name, tensor.shape, tensor.type = "unused", [4], load_schema().TensorType.INT8
        for name, value in fields.items():
            assert hasattr(tensor, name)
            setattr(tensor, name, value)
        model.subgraphs[0].tensors.append(tensor)

    return change


def quantization(scales: list[float], zero_points: list[int] | None, dimension: int = 0) -> Any:
    table = load_schema().QuantizationParametersT()
    table.scale, table.zeroPoint, table.quantizedDimension = scales, zero_points, dimension
    return table


def image_tensor(model: Any) -> Any:
    return model.subgraphs[0].tensors[0]


def with_signature(model: Any) -> None:
    """As the converter writes a batch that was left open."""
    image_tensor(model).shapeSignature = [-1, 6, 5, 2]
    image_tensor(model).hasRank = True


def with_an_empty_buffer(model: Any) -> None:
    image_tensor(model).buffer = len(model.buffers)
    buffer = load_schema().BufferT()
    buffer.data = np.zeros(0, np.uint8)
    model.buffers.append(buffer)


def with_content_in_buffer_0(model: Any) -> None:
    """Buffer 0 stands for "no content" by convention alone: constants may lie there, if activations name another."""
    constant = next(tensor for tensor in model.subgraphs[0].tensors if tensor.buffer)
    empty = len(model.buffers)
    model.buffers.append(load_schema().BufferT())
    model.buffers[0] = model.buffers[constant.buffer]
    for tensor in model.subgraphs[0].tensors:
        tensor.buffer = tensor.buffer or empty
    constant.buffer = 0


def without_names(model: Any) -> None:
    model.subgraphs[0].name = model.description = None
    for tensor in model.subgraphs[0].tensors:
        tensor.name = None


def with_a_second_subgraph(model: Any) -> None:
    """As signatures give them: of operators that run, called by nobody."""
    model.subgraphs.append(every_operator().subgraphs[0])


def with_metadata(model: Any) -> None:
    metadata = load_schema().MetadataT()
    metadata.name, metadata.buffer = "min_runtime_version", 0
    model.metadata = [metadata]


def with_custom_options(*content: int) -> Change:
    """An operator of the schema with options as custom operators have them."""

    def change(model: Any) -> None:
        model.subgraphs[0].operators[0].customOptions = list(content)

    return change


def with_intermediate(shape: list[int]) -> Change:
    """A tensor of this shape as an operator's own, as converters write them for LSTM."""

    def change(model: Any) -> None:
        unused(shape=shape)(model)
        model.subgraphs[0].operators[0].intermediates = [len(model.subgraphs[0].tensors) - 1]

    return change


def without_its_intermediate(model: Any) -> None:
    model.subgraphs[0].operators[0].intermediates = [-1]


ODD_PARTS: dict[str, Change] = {
    "unused tensor of shape [0]": unused(shape=[0]),
    "unused tensor without a shape": unused(shape=None),
    "unused tensor of rank 9": unused(shape=[1] * 9),
    "unused tensor with a negative size": unused(shape=[-1, 2]),
    "unused tensor of a huge shape": unused(shape=[2**15] * 4),
    "unused tensor of type RESOURCE": unused(type=13, shape=[]),
    "unused variable": unused(isVariable=True),
    "unused constant that is too short": unused(buffer=1, shape=[1000]),
    "unused constant that is too long": unused(buffer=1, shape=[1]),
    "unused tensor with a scale that is no number": unused(quantization=quantization([float("nan")], [0])),
    "unused tensor with a zero point outside its type": unused(quantization=quantization([1.0], [1000])),
    "unused tensor with scales without zero points": unused(quantization=quantization([1.0, 2.0], None)),
    "unused tensor with an axis of another size": unused(quantization=quantization([1.0] * 3, [0] * 3, 7)),
    "shape signature": with_signature,
    "buffer of no bytes": with_an_empty_buffer,
    "content in buffer 0": with_content_in_buffer_0,
    "no names": without_names,
    "second subgraph": with_a_second_subgraph,
    "metadata": with_metadata,
    "intermediate tensor without elements": with_intermediate([0]),
}

REFUSED: dict[str, tuple[Change, str]] = {
    "custom options": (with_custom_options(1, 2, 3), "has options of a custom operator"),
    "empty custom options": (with_custom_options(), "has options of a custom operator"),
    "intermediate tensor with elements": (with_intermediate([3]), "is an intermediate tensor, and not empty"),
    "intermediate tensor that is a scalar": (with_intermediate([]), "is an intermediate tensor, and not empty"),
    "intermediate tensor that is left out": (without_its_intermediate, "leaves out an intermediate tensor"),
}


# What the wheel refuses, though nothing uses it; LiteRT does not mind, and nor does anything here.
BEYOND_TFLM: dict[str, Change] = {
    "unused tensor of an unknown type": unused(type=99),
    "unused tensor of type VARIANT": unused(type=14, shape=[]),
}


def verdict_on(change: Change, tflm: Tflm) -> str:
    model = every_operator()
    change(model)
    graph = model.subgraphs[0]
    shapes = [tuple(graph.tensors[index].shape) for index in graph.inputs]
    return verdict(pack_model(model), shapes, len(graph.outputs), tflm)


@pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning")
@pytest.mark.parametrize("name", ODD_PARTS)
def test_odd_part_changes_no_byte_of_the_answers(name: str, tflm: Tflm) -> None:
    assert verdict_on(ODD_PARTS[name], tflm) == EQUAL


@pytest.mark.parametrize("name", REFUSED)
def test_what_tflm_refuses_in_an_operator_is_refused_by_name(name: str, tflm: Tflm) -> None:
    change, reason = REFUSED[name]
    assert verdict_on(change, tflm) == REFUSED_BY_BOTH
    model = every_operator()
    change(model)
    with pytest.raises(UnsupportedModelError, match=reason):
        load_program(pack_model(model))


def test_an_intermediate_tensor_that_does_not_exist_is_a_model_error() -> None:
    """TFLM's wheel stops by signal."""
    model = every_operator()
    model.subgraphs[0].operators[0].intermediates = [999]
    with pytest.raises(ModelError, match="intermediates: tensor 999 does not exist"):
        load_program(pack_model(model))


@pytest.mark.parametrize("name", BEYOND_TFLM)
def test_what_only_tflm_refuses(name: str, tflm: Tflm) -> None:
    assert verdict_on(BEYOND_TFLM[name], tflm) == REFUSED_BY_TFLM


def test_uncalled_subgraph_is_a_warning() -> None:
    model = every_operator()
    with_a_second_subgraph(model)
    with pytest.warns(ModelWarning, match="the model has 2 subgraphs; the first calls none of the others"):
        load_program(pack_model(model))


def test_oddity_of_an_unused_tensor_is_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    model = every_operator()
    unused(quantization=quantization([1.0], [0], 77))(model)
    load_program(pack_model(model))
    assert not recwarn.list


# What TFLM runs in its own way and nobody here: refused, but not as damage


def filters(model: Any) -> Any:
    return model.subgraphs[0].tensors[1]


def quantised(select: Select, **fields: Any) -> Change:
    """Changes the quantisation of a tensor."""

    def change(model: Any) -> None:
        table = select(model).quantization
        for name, value in fields.items():
            assert hasattr(table, name)
            setattr(table, name, value)

    return change


def constant_in_a_longer_buffer(model: Any) -> None:
    buffer = model.buffers[filters(model).buffer]
    buffer.data = np.concatenate([buffer.data, np.zeros(16, np.uint8)])


def output_written_twice(model: Any) -> None:
    model.subgraphs[0].operators.append(model.subgraphs[0].operators[-1])


def input_listed_twice(model: Any) -> None:
    model.subgraphs[0].inputs = [0, 0]


def without_outputs(model: Any) -> None:
    model.subgraphs[0].outputs = []


def without_a_version(model: Any) -> None:
    model.version = 0


REFUSED_THOUGH_DEFINED: dict[str, tuple[Change, str]] = {
    "scale of the input is no number": (
        quantised(image_tensor, scale=[float("nan")]),
        "scale is negative, infinite or not a",
    ),
    "zero point outside int8": (quantised(image_tensor, zeroPoint=[1000]), "zero point 1000 is outside int8"),
    "more zero points than scales": (
        quantised(image_tensor, zeroPoint=[0, 0]),
        "1 quantisation scales but 2 zero points",
    ),
    "axis of the filters below 0": (quantised(filters, quantizedDimension=-1), "quantized_dimension -1 does not exist"),
    "constant in a longer buffer": (constant_in_a_longer_buffer, "buffer 1 has 88 bytes, shape .* wants 72"),
    "output written twice": (output_written_twice, "operator 9 SOFTMAX writes .*, which already has a value"),
    "input listed twice": (input_listed_twice, "an input twice"),
    "no output": (without_outputs, "the model has no output"),
    "no schema version": (without_a_version, "schema version 0"),
}


@pytest.mark.parametrize("name", REFUSED_THOUGH_DEFINED)
def test_what_tflm_runs_is_not_called_damaged(name: str, tflm: Tflm) -> None:
    change, reason = REFUSED_THOUGH_DEFINED[name]
    model = every_operator()
    change(model)
    inputs = [np.zeros((1, 6, 5, 2), np.int8)] * len(model.subgraphs[0].inputs)
    tflm.run(pack_model(model), [inputs], len(model.subgraphs[0].outputs))
    with pytest.raises(UnsupportedModelError, match=reason):
        load_program(pack_model(model))


# Scalars


def reshape_to_a_scalar(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = writer.tensor("input", (1, 1), scale=0.5), writer.tensor("output", (), scale=0.5)
    writer.reshape(input, output, new_shape=())
    return [input], [output]


def reshape_to_a_scalar_that_is_read(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, scalar = writer.tensor("input", (1, 1), scale=0.5), writer.tensor("scalar", (), scale=0.5)
    other, output = writer.tensor("other", (2, 3), scale=0.25), writer.tensor("output", (2, 3), scale=1.0)
    writer.reshape(input, scalar, new_shape=())
    writer.add(scalar, other, output)
    return [input, other], [output]


def reshape_from_a_scalar(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, between = writer.tensor("input", (), scale=0.5), writer.tensor("between", (1, 1), scale=0.5)
    output = writer.tensor("output", (1, 1), scale=1.0)
    shape = writer.tensor("shape", (2,), "int32", data=np.array([1, 1], np.int32))
    writer.reshape(input, between, shape=shape)
    writer.mul(between, between, output)
    return [input], [output]


def scalars_all_through(writer: ModelWriter) -> tuple[list[int], list[int]]:
    input, output = writer.tensor("input", (), scale=0.5), writer.tensor("output", (), scale=1.0)
    writer.add(input, input, output)
    return [input], [output]


def without_buffers(writer: ModelWriter) -> tuple[list[int], list[int]]:
    writer._buffers = None  # type: ignore[assignment]
    return scalars_all_through(writer)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (reshape_to_a_scalar, EQUAL),
        (reshape_to_a_scalar_that_is_read, EQUAL),
        (reshape_from_a_scalar, EQUAL),
        (scalars_all_through, EQUAL),
        (without_buffers, REFUSED_BY_TFLM),  # by signal; the schema allows it
    ],
)
def test_scalars(build: Build, expected: str, tflm: Tflm) -> None:
    writer = ModelWriter()
    inputs, outputs = build(writer)
    model = writer.model(inputs, outputs)
    shapes = [tuple(model.subgraphs[0].tensors[index].shape) for index in inputs]
    assert verdict(pack_model(model), shapes, len(outputs), tflm) == expected


# Constants behind the FlatBuffer


def sum_with_a_constant(at_offset: bool) -> bytes:
    """``input + constant``, the constant inside the FlatBuffer or behind it."""
    writer = ModelWriter()
    constant = np.arange(8, dtype=np.int8) * 3
    addends = writer.tensor("input", (8,), scale=1.0), writer.tensor("constant", (8,), scale=1.0, data=constant)
    output = writer.tensor("output", (8,), scale=1.0)
    writer.add(*addends, output)
    model = writer.model([addends[0]], [output])
    if not at_offset:
        return pack_model(model)
    buffer = model.buffers[1]
    buffer.data, buffer.size, buffer.offset = None, constant.nbytes, 1 << 20
    start = len(pack_model(model))
    buffer.offset = start
    content = pack_model(model)
    assert len(content) == start
    return content + constant.tobytes()


def test_constant_behind_the_flatbuffer_is_read_with_a_warning(tflm: Tflm) -> None:
    """TFLM takes it for an activation that nobody wrote."""
    batch = [[np.full(8, 5, np.int8)]]
    expected = run_on([RefBackend()], sum_with_a_constant(at_offset=False), batch)[0]
    with pytest.warns(ModelWarning, match="1 'constant'.*TensorFlow Lite Micro does not read them there"):
        outputs = run_on([RefBackend()], sum_with_a_constant(at_offset=True), batch)[0]
    assert np.array_equal(outputs[0][0], expected[0][0])
    assert not np.array_equal(tflm.run(sum_with_a_constant(at_offset=True), batch)[0][0], expected[0][0])


def test_constant_beyond_the_end_of_the_file_is_damage() -> None:
    with pytest.raises(ModelError, match="tensor 1 'constant': buffer 1 reaches outside the file"):
        load_program(sum_with_a_constant(at_offset=True)[:-1])
