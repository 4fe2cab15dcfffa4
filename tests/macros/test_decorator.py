"""``@ember_model``: where the file is found, and what is refused."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_core import ModelError, ModelWarning, UnsupportedModelError
from ember_infer_macros import QuantizedModel, ember_model, load_program
from ember_infer_tools.tflite_writer import ModelWriter
from tests.conftest import REPOSITORY

SINE = REPOSITORY / "models" / "sine.tflite"
APPLICATION = """
from ember_infer_macros import ember_model
@ember_model("the model.tflite")
class Model: ...
print(Model.input_len())
"""


@ember_model("../../models/sine.tflite")
class Beside(QuantizedModel): ...


def test_a_path_is_relative_to_the_file_that_holds_the_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Beside.input_len() == 1
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    (folder / "the model.tflite").write_bytes(SINE.read_bytes())
    (folder / "application.py").write_text(APPLICATION)
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, str(folder / "application.py")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1\n"


def test_without_a_file_a_path_is_relative_to_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "the model.tflite").write_bytes(SINE.read_bytes())
    command = [sys.executable, "-c", APPLICATION]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout == "1\n"


@pytest.mark.parametrize(
    "source",
    [SINE, str(SINE), SINE.read_bytes(), bytearray(SINE.read_bytes()), memoryview(SINE.read_bytes())],
    ids=["Path", "str", "bytes", "bytearray", "memoryview"],
)
def test_paths_and_bytes_are_welcome(source: Any) -> None:
    @ember_model(source)
    class Model(QuantizedModel): ...

    assert Model.input_shape() == (1, 1)
    assert load_program(source).arena_len == 32


def test_a_bare_class_gets_the_interface_too() -> None:
    @ember_model(SINE)
    class Bare:
        """My own words."""

        extra = 5

    assert Bare.input_len() == 1
    assert issubclass(Bare, QuantizedModel)
    assert Bare.extra == 5
    assert Bare.__doc__ == "My own words."


def test_a_missing_file_names_itself_and_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere\.tflite: no such file") as caught:

        @ember_model(tmp_path / "nowhere.tflite")
        class Model: ...

    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("source", ["", ".", "nul\0byte"])
def test_a_path_that_is_no_file_is_a_model_error(source: str) -> None:
    with pytest.raises(ModelError):
        load_program(source)


def test_a_decorator_without_parentheses_says_how_to_write_it() -> None:
    with pytest.raises(TypeError, match=r"@ember_model\('path/to/model.tflite'\) above class Model"):

        @ember_model  # type: ignore[arg-type]
        class Model: ...


def test_a_name_that_would_be_generated_must_be_free() -> None:
    with pytest.raises(TypeError, match=r"class Model defines input_len, predict, which @ember_model generates"):

        @ember_model(SINE)
        class Model:
            input_len = 3  # type: ignore[assignment]

            def predict(self) -> None: ...  # type: ignore[override]


def test_an_undecorated_class_says_so() -> None:
    class Model(QuantizedModel): ...

    with pytest.raises(TypeError, match="decorate it"):
        Model.input_len()


def test_person_detect_loads_with_one_warning_on_the_users_line(shared: Path) -> None:
    with pytest.warns(ModelWarning, match="14 tensors have a quantized_dimension") as caught:

        @ember_model(shared / "models" / "person_detect.tflite")
        class Model(QuantizedModel): ...

    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert Model.output_len() == 2


def test_all_unsupported_operators_are_named_at_once() -> None:
    writer = ModelWriter()
    tensors = [writer.tensor(f"t{number}", (2,), scale=0.5) for number in range(4)]
    for number, operator in enumerate(("GELU", "ADD", "SIGN")):
        operands = [tensors[number]] * (2 if operator == "ADD" else 1)
        writer.operator(operator, operands, [tensors[number + 1]])
    with pytest.raises(UnsupportedModelError) as caught:
        load_program(writer.finish(tensors[:1], tensors[3:]))
    first, second = caught.value.problems
    assert first.startswith("operator 0 GELU (int8 -> int8): this operator is not supported")
    assert second.startswith("operator 2 SIGN (int8 -> int8): this operator is not supported")
    assert first in str(caught.value)
    assert second in str(caught.value)


def test_errors_survive_pickling() -> None:
    error = UnsupportedModelError("a.tflite", ["one", "two"])
    copied = pickle.loads(pickle.dumps(error))
    assert (copied.source, copied.problems, str(copied)) == (error.source, error.problems, str(error))


def test_two_classes_of_one_file_are_independent() -> None:
    classes = []
    for _ in range(2):

        @ember_model(SINE)
        class Model(QuantizedModel): ...

        classes.append(Model)
    assert classes[0].program is not classes[1].program
    assert np.array_equal(classes[0].quantize([1.0]), classes[1].quantize([1.0]))
