"""Models whose inputs and outputs are of other types than int8."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import InvalidShape, QuantizedTwiceWarning, UnsupportedModelError
from ember_infer_macros import QuantizedModel, ember_model, load_program
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter
from tests.support.one_operator import Tensor, one_operator, tensor, write_tensor

BACKEND = RefBackend()
UNQUANTISED = Tensor((3,), "int8", (), (), 0, None)


def model_class(content: bytes) -> type[QuantizedModel]:
    @ember_model(content)
    class Model(QuantizedModel): ...

    return Model


def copy_of(port: Tensor) -> type[QuantizedModel]:
    """A model that gives what it takes."""
    writer = ModelWriter()
    index = write_tensor(writer, "x", port)
    return model_class(writer.finish([index], [index]))


def cast(source: str, target: str) -> type[QuantizedModel]:
    return model_class(one_operator("CAST", [tensor((3,), source)], tensor((3,), target)))


@pytest.fixture(scope="module")
def floats(tflm_wheel: None) -> type[QuantizedModel]:
    """float32 (1, 4) to int8 in halves, and back."""
    writer = ModelWriter()
    first, second = (writer.tensor(name, (1, 4), "float32") for name in ("x", "y"))
    quantized = writer.tensor("q", (1, 4), scale=0.5, zero_point=3)
    writer.operator("QUANTIZE", [first], [quantized])
    writer.operator("DEQUANTIZE", [quantized], [second])
    return model_class(writer.finish([first], [second]))


@pytest.fixture(scope="module")
def mixed(tflm_wheel: None) -> type[QuantizedModel]:
    """Inputs float32 (4,) and uint8 (2,); outputs int16 of the one, and int8 of the other."""
    writer = ModelWriter()
    first = writer.tensor("x", (4,), "float32")
    second = writer.tensor("p", (2,), "uint8", scale=1.0, zero_point=128)
    third = writer.tensor("k", (4,), "int16", scale=0.25, zero_point=5)
    fourth = writer.tensor("q", (2,), scale=1.0, zero_point=0)
    writer.operator("QUANTIZE", [first], [third])
    writer.operator("QUANTIZE", [second], [fourth])
    return model_class(writer.finish([first, second], [third, fourth]))


def test_floats_go_in_and_come_out_as_they_are(floats: type[QuantizedModel]) -> None:
    x: npt.NDArray[np.float32] = np.array([0.2, 0.25, -0.75, 1000], np.float32)
    y: npt.NDArray[np.float32] = np.empty(4, np.float32)
    floats.predict_quantized(BACKEND, x, y)
    assert y.tolist() == [0, 0.5, -1, 62]
    np.testing.assert_array_equal(floats.predict(BACKEND, x), [y])
    np.testing.assert_array_equal(floats.predict_batch(BACKEND, np.stack([x, x])), [y, y])
    scratch = bytearray(floats.scratch_len[RefBackend]())
    floats.predict_quantized_with_scratch(BACKEND, x, y[::-1][::-1], scratch)
    assert y.tolist() == [0, 0.5, -1, 62]


def test_a_float_port_says_what_it_is(floats: type[QuantizedModel]) -> None:
    assert [floats.input_dtype(), floats.output_dtype()] == [np.dtype(np.float32)] * 2
    assert (floats.input_scale(), floats.input_zero_point()) == (1.0, 0)
    assert inspect.getdoc(floats.input_scale) == "Scale of the input: 1.0 in ``real = q``."
    assert inspect.getdoc(floats.output_dtype) == "Element type of the output: float32."
    assert "input: float32 [1, 4]\n" in (inspect.getdoc(floats.predict_quantized) or "")


def test_every_port_has_its_own_type(mixed: type[QuantizedModel]) -> None:
    assert [mixed.input_dtype(index) for index in (0, 1)] == [np.float32, np.uint8]
    assert [mixed.output_dtype(index) for index in (0, 1)] == [np.int16, np.int8]
    session = mixed.bind(BACKEND)
    assert [array.dtype for array in (*session.inputs, *session.outputs)] == [np.float32, np.uint8, np.int16, np.int8]
    results = mixed.predict(BACKEND, [[1.0, 2.0, 3.0, -5.0], [-128, 127]])
    assert [result.dtype for result in results] == [np.float32, np.float32]
    assert [result.tolist() for result in results] == [[1, 2, 3, -5], [-128, 127]]
    batches = mixed.predict_batch(BACKEND, [np.zeros((4, 4), np.float32), np.zeros((4, 2), np.uint8)])
    assert [(batch.dtype, batch.shape) for batch in batches] == [(np.int16, (4, 4)), (np.int8, (4, 2))]


def test_real_values_are_quantised_to_the_inputs_type(mixed: type[QuantizedModel]) -> None:
    pixels = mixed.quantize([-1000, -0.5, 0.5, 126.5, 1000], index=1)
    assert pixels.dtype == np.uint8
    assert pixels.tolist() == [0, 127, 129, 255, 255]
    assert mixed.quantize([0.1], index=0).tolist() == [np.float32(0.1)]
    assert mixed.dequantize(np.array([5, 6], np.int16)).tolist() == [0, 0.25]


def test_int16_is_quantised_half_away_from_zero_and_saturates() -> None:
    model = copy_of(tensor((3,), "int16", 0.5, 1))
    assert model.quantize([0.25, -0.25, 1e9, -1e9, np.inf]).tolist() == [2, 0, 32767, -32768, 32767]
    assert model.predict(BACKEND, [0.25, -0.25, 3]).tolist() == [0.5, -0.5, 3]
    with pytest.raises(ValueError, match="NaN"):
        model.quantize([np.nan])


def test_integers_and_bools_are_the_values_themselves() -> None:
    model = cast("int32", "bool")
    result = model.predict(BACKEND, [0, 2**31 - 1, -1])
    assert (result.dtype, result.tolist()) == (np.bool_, [False, True, True])
    assert model.quantize(np.arange(3)).dtype == np.int32
    assert cast("bool", "int32").predict(BACKEND, [True, False, 1]).tolist() == [1, 0, 1]


def test_an_unquantised_int8_port_takes_and_gives_its_integers() -> None:
    model = copy_of(UNQUANTISED)
    assert (model.input_scale(), model.output_zero_point()) == (1.0, 0)
    result = model.predict(BACKEND, np.array([1, -2, 3], np.int8))
    assert (result.dtype, result.tolist()) == (np.int8, [1, -2, 3])


@pytest.mark.parametrize("values", [[0.5, 1, 2], ["a", "b", "c"], [None, 1, 2]])
def test_an_integer_input_refuses_other_values(values: Any) -> None:
    with pytest.raises(InvalidShape, match="input: values of int32 are wanted, not of"):
        cast("int32", "float32").predict(BACKEND, values)


@pytest.mark.parametrize(
    ("source", "values", "words"),
    [
        ("int32", [0, 0, 2**31], "does not fit into int32, -2147483648 to 2147483647"),
        ("int32", [0, 0, 2**70], "are wanted, not of object"),
        ("bool", [0, 1, 2], "does not fit into bool, 0 to 1"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(source: str, values: list[int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cast(source, "float32").predict(BACKEND, values)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(4, np.int8), r"input: dtype float32 is wanted, not int8 \(real values are wanted"),
        (np.zeros(4), "input: dtype float32 is wanted, not float64"),
        (np.zeros(3, np.float32), "input: 4 elements are wanted"),
        ([0.0] * 4, "input: a NumPy array of float32 is wanted, not list"),
    ],
)
def test_a_wrong_array_is_named_and_nothing_is_written(floats: type[QuantizedModel], array: Any, words: str) -> None:
    output: npt.NDArray[np.float32] = np.full(4, 7, np.float32)
    with pytest.raises(InvalidShape, match=words):
        floats.predict_quantized(BACKEND, array, output)
    assert output.tolist() == [7] * 4


def test_a_batch_must_have_the_models_type(floats: type[QuantizedModel]) -> None:
    with pytest.raises(InvalidShape, match="a NumPy array of float32 is wanted, not dtype int8"):
        floats.predict_batch(BACKEND, np.zeros((2, 4), np.int8))


def test_an_array_that_would_be_quantised_twice_is_warned_of() -> None:
    model = copy_of(tensor((3,), "int8", 0.5))
    with pytest.warns(QuantizedTwiceWarning, match=r"predict\(\) takes real values.*given int8") as caught:
        result = model.predict(BACKEND, np.array([1, 2, 3], np.int8))
    assert result.tolist() == [1, 2, 3]
    assert caught[0].filename == __file__


@pytest.mark.parametrize("array", [np.ones(3), np.ones(3, np.int64), np.ones(3, np.uint8), [1, 2, 3]])
def test_other_arrays_are_real_values_without_a_warning(array: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copy_of(tensor((3,), "int8", 0.5)).predict(BACKEND, array)


def test_pixels_that_are_the_real_values_are_not_warned_of() -> None:
    model = copy_of(tensor((3,), "uint8", 1.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.predict(BACKEND, np.array([0, 7, 255], np.uint8)).tolist() == [0, 7, 255]


def test_what_comes_out_is_no_view_of_the_arena(floats: type[QuantizedModel]) -> None:
    first = floats.predict(BACKEND, [1, 1, 1, 1])
    floats.predict(BACKEND, [2, 2, 2, 2])
    assert first.tolist() == [[1, 1, 1, 1]]


@pytest.mark.parametrize("dtype", ["int64", "float64"])
def test_other_types_of_ports_are_refused(dtype: str) -> None:
    with pytest.raises(UnsupportedModelError, match=f"input 0, .*{dtype}.*, is none of int8, uint8, int16, int32"):
        load_program(one_operator("RESHAPE", [tensor((3,), dtype)], tensor((3,), dtype)))
