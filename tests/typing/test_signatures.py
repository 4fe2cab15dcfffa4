"""What `help`, editors and debuggers show of a model class."""

from __future__ import annotations

import inspect
import pydoc
import re
import typing
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ember_infer_core import KernelBackend
from ember_infer_macros import QuantizedModel, Session, ember_model
from ember_infer_macros.interface import INTERFACE
from tests.conftest import REPOSITORY
from tests.typing.conftest import write_two_and_two


@ember_model(REPOSITORY / "models" / "digits.tflite")
class Digits: ...


@pytest.fixture(scope="module")
def two_and_two(tflm_wheel: None, tmp_path_factory: pytest.TempPathFactory) -> type[QuantizedModel]:
    path = tmp_path_factory.mktemp("model") / "two.tflite"
    write_two_and_two(path)

    @ember_model(path)
    class TwoAndTwo(QuantizedModel): ...

    return TwoAndTwo


def shape(parameter: inspect.Parameter) -> tuple[object, ...]:
    """All but the annotation, of which a model may know more."""
    return parameter.name, parameter.kind, parameter.default


def document(name: str, model: Any = Digits) -> str:
    return inspect.getdoc(getattr(model, name)) or ""


def test_docstrings_hold_the_models_numbers() -> None:
    assert document("input_len") == "Elements of the input: 64 = 1 x 8 x 8 x 1."
    assert document("output_shape") == "Shape of the output, batch first: (1, 10)."
    assert document("output_scale") == "Scale of the output: 0.00390625 in ``real = 0.00390625 * (q + 128)``."
    assert document("output_zero_point") == "Zero point of the output: -128 in ``real = 0.00390625 * (q + 128)``."
    assert document("arena_len") == f"Bytes of activations after planning: {Digits.arena_len()}."
    assert "input: int8 [1, 8, 8, 1], real = " in document("predict_quantized")
    assert "output: int8 [1, 10]" in document("bind")


def test_several_inputs_are_listed_each(two_and_two: type[QuantizedModel]) -> None:
    assert document("input_len", two_and_two) == "Elements of an input.\n\nInput 0: 6 = 2 x 3.\nInput 1: 3."
    assert "input 1: int8 [3], real = 0.25 * (q - 4)" in document("predict", two_and_two)
    assert "output 0: int8 [2, 3], real = 1.0 * q\n" in document("predict", two_and_two)


@pytest.mark.parametrize("name", [name for name in INTERFACE if callable(getattr(QuantizedModel, name))])
def test_signatures_are_the_declared_ones(name: str, two_and_two: type[QuantizedModel]) -> None:
    declared = inspect.signature(getattr(QuantizedModel, name))
    for model in (Digits, two_and_two):
        signature = inspect.signature(getattr(model, name))
        assert [shape(one) for one in signature.parameters.values()] == [
            shape(one) for one in declared.parameters.values()
        ]
        assert signature.return_annotation is not inspect.Signature.empty
        assert f"def {name}(" in inspect.getsource(getattr(model, name))


def test_annotations_can_be_resolved(two_and_two: type[QuantizedModel]) -> None:
    for name in (name for name in INTERFACE if callable(getattr(QuantizedModel, name))):
        typing.get_type_hints(getattr(Digits, name))
    hints = typing.get_type_hints(Digits.predict)
    assert (hints["backend"], hints["return"]) == (KernelBackend, npt.NDArray[np.float32])
    assert typing.get_type_hints(Digits.bind)["return"] is Session
    assert typing.get_type_hints(Digits.input_shape)["return"] == tuple[int, int, int, int]
    array = npt.NDArray[np.int8]
    assert typing.get_type_hints(two_and_two.predict_batch)["return"] == tuple[array, array]


def test_help_shows_the_model() -> None:
    shown = pydoc.plain(pydoc.render_doc(Digits))
    assert "Input 0: int8 [1, 8, 8, 1]" in shown
    assert "probabilities: softmax" in shown
    assert "Elements of the input: 64" in shown
    assert re.search(
        r"predict_quantized\(\W*backend: 'KernelBackend',\W*input: 'Arrays\[Int8Array\]'", shown
    )  # wrapped or not


def test_completion_offers_the_interface() -> None:
    assert {*INTERFACE, "program", "scratch_len"} <= set(dir(Digits))


def test_every_decorated_class_is_a_quantized_model() -> None:
    assert issubclass(Digits, QuantizedModel)
    assert Digits.__bases__ == (object,)
    assert not issubclass(Path, QuantizedModel)
