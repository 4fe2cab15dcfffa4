"""Inputs and outputs by their names."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer import InvalidShape, QuantizedModel, RefBackend, ember_model, load
from ember_infer_tools.tflite_writer import ModelWriter
from tests.conftest import REPOSITORY

BACKEND = RefBackend()
SINE = REPOSITORY / "models" / "sine.tflite"


def difference_and_product(*names: str) -> bytes:
    """Inputs of (1, 3) and outputs, their difference and product, with these four names."""
    writer = ModelWriter()
    a, b, difference, product = (writer.tensor(name, (1, 3), scale=0.5, zero_point=1) for name in names)
    writer.operator("SUB", [a, b], [difference])
    writer.mul(a, b, product)
    return writer.finish([a, b], [difference, product])


@pytest.fixture(scope="module")
def model(tflm_wheel: None) -> type[QuantizedModel]:
    return load(difference_and_product("a", "b", "difference", "product"))


def drawn(*shape: int) -> npt.NDArray[np.int8]:
    return np.random.default_rng(0).integers(-128, 128, shape, np.int8)


def test_a_class_tells_the_names_of_the_file(model: type[QuantizedModel]) -> None:
    assert model.input_names() == ("a", "b")
    assert model.output_names() == ("difference", "product")


def test_a_dict_is_the_sequence_in_any_order(model: type[QuantizedModel]) -> None:
    a, b = drawn(2, 5, 1, 3)
    by_name = {"b": b, "a": a}
    for name in ("predict_batch", "predict_sequence"):
        run = getattr(model, name)
        np.testing.assert_array_equal(run(BACKEND, by_name), run(BACKEND, (a, b)))
    real = model.predict(BACKEND, {"b": [1.0, 2.0, 3.0], "a": [3.0, 2.0, 1.0]})
    np.testing.assert_array_equal(real, model.predict(BACKEND, ([3.0, 2.0, 1.0], [1.0, 2.0, 3.0])))


def test_outputs_are_written_by_name(model: type[QuantizedModel]) -> None:
    a, b = drawn(2, 1, 3)
    expected = [np.empty((1, 3), np.int8) for _ in range(2)]
    model.predict_quantized(BACKEND, (a, b), expected)
    outputs = {name: np.empty(3, np.int8) for name in ("product", "difference")}
    model.predict_quantized_with_scratch(BACKEND, {"b": b, "a": a}, outputs, bytearray())
    assert expected[0].tolist() != expected[1].tolist()
    assert [outputs[name].tolist() for name in model.output_names()] == [each[0].tolist() for each in expected]


def test_one_input_may_be_given_by_name_too() -> None:
    sine = load(SINE)
    (name,) = sine.input_names()
    assert sine.predict(BACKEND, {name: 1.57}) == sine.predict(BACKEND, 1.57)
    assert sine.predict(BACKEND, {name: 1.57}).shape == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": 0}, "input 'b' is missing: the model's inputs are 'a', 'b'"),
        ({"a": 0, "b": 0, "c": 0}, "there is no input 'c': the model's inputs are 'a', 'b'"),
        ({}, "input 'a', 'b' is missing"),
        ({"a": np.zeros(3, np.int8), "b": 3}, "input 1: a NumPy array of int8 is wanted, not int"),
    ],
)
def test_wrong_names_are_said(model: type[QuantizedModel], given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidShape, match=message):
        model.predict_quantized(BACKEND, given, [np.empty(3, np.int8)] * 2)


def test_names_that_tell_nothing_apart_are_refused(tflm_wheel: None) -> None:
    model = load(difference_and_product("x", "x", "difference", "product"))
    assert model.input_names() == ("x", "x")
    with pytest.raises(InvalidShape, match="two inputs of the model have the same name: give a sequence"):
        model.predict(BACKEND, {"x": [1.0, 2.0, 3.0]})


def test_a_loaded_class_is_the_decorated_one() -> None:
    @ember_model(SINE)
    class SineModel(QuantizedModel): ...

    loaded = load(SINE)
    assert issubclass(loaded, QuantizedModel)
    assert loaded.__name__ == "SineModel"
    assert loaded.__doc__ == SineModel.__doc__
    assert loaded.predict(BACKEND, 1.57) == SineModel.predict(BACKEND, 1.57)


def test_a_path_counts_from_the_working_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SINE.parent)
    assert load("sine.tflite").input_len() == 1
