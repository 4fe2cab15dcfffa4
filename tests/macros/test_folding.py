"""What is the same in every run is computed when a model is lowered."""

from __future__ import annotations

from typing import Any

import pytest

from ember_infer_core import ModelError, Program
from ember_infer_macros import load_program
from ember_infer_tools.inspect import inspect_model
from ember_infer_tools.tflite_writer import ModelWriter
from tests.support.against_tflm import assert_equals_tflm
from tests.support.contents import random_batches
from tests.support.one_operator import Tensor, constant, tensor, write_tensor
from tests.support.tflm import Tflm


class Model:
    """A model of several operators whose tensors are written when they are used."""

    def __init__(self) -> None:
        self._writer = ModelWriter()
        self._indices: dict[int, int] = {}
        self._kept: list[Tensor] = []

    def _index(self, item: Tensor) -> int:
        if id(item) not in self._indices:
            self._indices[id(item)] = write_tensor(self._writer, f"t{len(self._kept)}", item)
            self._kept.append(item)  # or another tensor may get its id
        return self._indices[id(item)]

    def then(self, name: str, inputs: list[Tensor], output: Tensor, **options: Any) -> Tensor:
        """Adds an operator; returns its output."""
        self._writer.operator(name, [self._index(item) for item in inputs], [self._index(output)], **options)
        return output

    def finish(self, inputs: list[Tensor], *outputs: Tensor) -> bytes:
        fed, wanted = ([self._index(item) for item in items] for items in (inputs, outputs))
        return self._writer.finish(fed, wanted, "folding")


def whole(data: Any) -> Tensor:
    return constant(data, "int32")


def int32(*shape: int) -> Tensor:
    return tensor(shape, "int32")


def methods(program: Program) -> list[str]:
    return [call.method for call in program.calls]


def batch_of(model: Model, data: Tensor) -> Tensor:
    """The first element of the tensor's shape, as Keras' converter takes it apart."""
    shape = model.then("SHAPE", [data], int32(len(data.shape)), out_type="int32")
    return model.then("STRIDED_SLICE", [shape, whole([0]), whole([1]), whole([1])], int32(), shrink_axis_mask=1)


def test_a_shape_taken_apart_and_packed_again_is_no_call(tflm: Tflm) -> None:
    model, data, flat = Model(), tensor((1, 2, 3)), tensor((1, 6))
    shape = model.then("PACK", [batch_of(model, data), whole(6)], int32(2), axis=0, values_count=2)
    doubled = tensor((1, 6), scale=0.25)
    model.then("ADD", [model.then("RESHAPE", [data, shape], flat), flat], doubled)
    content = model.finish([data], doubled)
    assert methods(load_program(content)) == ["add"]
    assert_equals_tflm(content, random_batches(content), tflm)


def test_a_result_may_be_an_operand_that_must_be_constant(tflm: Tflm) -> None:
    model, data, part = Model(), tensor((2, 5)), tensor((1, 3))
    begin = model.then("CONCATENATION", [whole([1]), whole([2])], int32(2), axis=0)
    model.then("SLICE", [data, begin, whole([1, 3])], part)
    content = model.finish([data], part)
    assert methods(load_program(content)) == ["slice"]
    assert_equals_tflm(content, random_batches(content), tflm)


def test_operands_that_tflm_wants_in_the_file_must_be_there() -> None:
    model, data, turned = Model(), tensor((2, 5)), tensor((5, 2))
    perm = model.then("CONCATENATION", [whole([1]), whole([0])], int32(2), axis=0)
    model.then("TRANSPOSE", [data, perm], turned)
    with pytest.raises(ModelError, match="is no constant; TensorFlow Lite Micro refuses this too"):
        load_program(model.finish([data], turned))


def test_a_result_may_be_an_output(tflm: Tflm) -> None:
    model, data, zeros, joined = Model(), tensor((2, 2)), tensor((2, 2)), tensor((2, 4))
    model.then("ZEROS_LIKE", [data], zeros)
    model.then("CONCATENATION", [data, zeros], joined, axis=1)
    content = model.finish([data], joined, zeros)
    assert methods(load_program(content)) == ["concatenation", "reshape"]
    assert_equals_tflm(content, random_batches(content), tflm)


def test_a_filled_tensor_is_a_constant(tflm: Tflm) -> None:
    model, data, filled, joined = Model(), tensor((2, 2)), tensor((2, 3)), tensor((2, 5))
    model.then("FILL", [whole([2, 3]), constant(7)], filled)
    model.then("CONCATENATION", [data, filled], joined, axis=1)
    content = model.finish([data], joined)
    assert methods(load_program(content)) == ["concatenation"]
    assert_equals_tflm(content, random_batches(content), tflm)


def test_arithmetic_of_constants_is_done_once(tflm: Tflm) -> None:
    """Sizes and places, as converters compute them from shapes."""
    model, data, part = Model(), tensor((4, 8)), tensor((3, 4))
    shape = model.then("SHAPE", [data], int32(2), out_type="int32")
    half = model.then("DIV", [shape, whole([1, 2])], int32(2))  # 4, 4
    less = model.then("SUB", [half, whole([1, 0])], int32(2))  # 3, 4
    size = model.then("MAXIMUM", [less, whole([0, 0])], int32(2))
    begin = model.then("MINIMUM", [model.then("MUL", [size, whole([2, 1])], int32(2)), whole([1, 9])], int32(2))  # 1, 4
    as_float = model.then(
        "CAST",
        [
            begin,
        ],
        tensor((2,), "float32"),
        in_data_type="int32",
        out_data_type="float32",
    )
    back = model.then("CAST", [as_float], int32(2), in_data_type="float32", out_data_type="int32")
    model.then("SLICE", [data, model.then("ADD", [back, whole([0, 0])], int32(2)), size], part)
    content = model.finish([data], part)
    assert methods(load_program(content)) == ["slice"]
    assert_equals_tflm(content, random_batches(content), tflm)


def test_comparisons_of_constants_are_done_once(tflm: Tflm) -> None:
    model, data, part = Model(), tensor((4, 8)), tensor((1, 4))
    larger = model.then("GREATER", [whole([5, 2]), whole([3, 3])], tensor((2,), "bool"))  # yes, no
    smaller = model.then("LESS_EQUAL", [whole([4, 0]), whole([4, 1])], tensor((2,), "bool"))  # yes, yes
    both = model.then("LOGICAL_AND", [larger, smaller], tensor((2,), "bool"))
    begin = model.then("CAST", [both], int32(2), in_data_type="bool", out_data_type="int32")  # 1, 0
    size = model.then("SQUARED_DIFFERENCE", [begin, whole([2, 2])], int32(2))  # 1, 4
    model.then("SLICE", [data, begin, size], part)
    content = model.finish([data], part)
    assert methods(load_program(content)) == ["slice"]
    assert_equals_tflm(content, random_batches(content), tflm)


def test_slopes_of_constants_are_applied_once(tflm: Tflm) -> None:
    model, data, joined = Model(), tensor((1, 3), scale=0.25), tensor((2, 3), scale=0.25)
    values, slopes = constant([[3, -70, -5]], scale=0.3, zero_point=2), constant([[90]], scale=0.02, zero_point=-7)
    sloped = model.then("PRELU", [values, slopes], tensor((1, 3), scale=0.25))
    model.then("CONCATENATION", [data, sloped], joined, axis=0)
    content = model.finish([data], joined)
    assert methods(load_program(content)) == ["concatenation"]
    assert_equals_tflm(content, random_batches(content), tflm)


def test_shapes_that_broadcast_are_known(tflm: Tflm) -> None:
    model, data, part = Model(), tensor((4, 3, 2)), tensor((2, 3, 1))
    size = model.then("BROADCAST_ARGS", [whole([2, 1, 1]), whole([3, 1])], int32(3))
    model.then("SLICE", [data, whole([1, 0, 1]), size], part)
    content = model.finish([data], part)
    assert methods(load_program(content)) == ["slice"]
    assert_equals_tflm(content, random_batches(content), tflm)


def test_shapes_that_do_not_broadcast_are_refused() -> None:
    model, data, part = Model(), tensor((4, 3)), tensor((2, 3))
    size = model.then("BROADCAST_ARGS", [whole([2, 3]), whole([3, 1])], int32(2))
    model.then("SLICE", [data, whole([1, 0]), size], part)
    with pytest.raises(ModelError, match=r"shapes \[2, 3\] and \[3, 1\] do not broadcast"):
        load_program(model.finish([data], part))


def test_quantised_constants_are_as_in_tflm(tflm: Tflm) -> None:
    model, data, joined = Model(), tensor((1, 3), scale=0.25), tensor((2, 3), scale=0.25)
    real = model.then("DEQUANTIZE", [constant([[3, -7, 100]], scale=0.3, zero_point=2)], tensor((1, 3), "float32"))
    again = model.then("QUANTIZE", [real], tensor((1, 3), scale=0.25))
    twice = model.then("ADD", [again, again], tensor((1, 3), scale=0.25))
    model.then("CONCATENATION", [data, twice], joined, axis=0)
    content = model.finish([data], joined)
    assert methods(load_program(content)) == ["concatenation"]
    assert_equals_tflm(content, random_batches(content), tflm)


def test_what_has_no_result_is_left_to_the_run() -> None:
    model, data, sums = Model(), int32(2), int32(2)
    nothing = model.then("DIV", [whole([1, 2]), whole([1, 0])], int32(2))
    model.then("ADD", [data, nothing], sums)
    assert methods(load_program(model.finish([data], sums))) == ["div", "add"]


@pytest.mark.parametrize(("rows", "folded"), [(1 << 10, True), (1 << 12, False)])
def test_results_that_are_large_for_the_file_are_left_to_the_run(rows: int, folded: bool) -> None:
    model, data, filled = Model(), tensor((1, 1)), tensor((rows, 1 << 10))
    joined = tensor((rows + 1, 1 << 10))
    model.then("FILL", [whole([rows, 1 << 10]), constant(7)], filled)
    wide = model.then("BROADCAST_TO", [data, whole([1, 1 << 10])], tensor((1, 1 << 10)))
    model.then("CONCATENATION", [filled, wide], joined, axis=0)
    program = load_program(model.finish([data], joined))
    assert ("fill" not in methods(program)) == folded


def test_a_small_file_cannot_ask_for_much() -> None:
    """Two hundred results of a megabyte each, of which one is as much as there is room for."""
    model, data = Model(), tensor((1 << 20,))
    results = [model.then("ZEROS_LIKE", [data], tensor((1 << 20,))) for _ in range(200)]
    content = model.finish([data], *results)
    program = load_program(content)
    assert sum(tensor.data is not None for tensor in program.tensors) == 1
    assert methods(program).count("zeros_like") == 199


def test_inspect_knows_what_is_computed_from_constants() -> None:
    model, data, part = Model(), tensor((2, 5)), tensor((1, 3))
    begin = model.then("CONCATENATION", [whole([1]), whole([2])], int32(2), axis=0)
    model.then("SLICE", [data, begin, whole([1, 3])], part)
    report = inspect_model(model.finish([data], part))
    assert report.supported
    assert [operator.problem for operator in report.operators] == [None, None]
