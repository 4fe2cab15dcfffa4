"""What mypy makes of applications, with the plugin and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.typing.checkers import VERSIONS, Result, expected, mypy
from tests.typing.conftest import CONFIGURATION, PORTABLE, add_models

WITH_PLUGIN = (
    "application.py",
    "several.py",
    "own_types.py",
    "nested.py",
    "cycle_heirs.py",
    "cycle_base.py",
    "broken.py",
)


@pytest.fixture(scope="module", params=VERSIONS)
def checked(request: pytest.FixtureRequest, application: Path) -> Result:
    return mypy(request.param).check(application, *WITH_PLUGIN)


def test_every_error_is_announced_and_every_announced_error_is_found(application: Path, checked: Result) -> None:
    wanted = expected(application, WITH_PLUGIN, "E")
    assert len(wanted) > 40
    assert checked.findings == wanted, checked.output


def test_messages_say_what_is_wrong_and_what_to_do(checked: Result) -> None:
    for words in (
        '"nowhere.tflite": no such file',
        "the path counts from the folder of this source file",
        '"text.tflite": not a TensorFlow Lite model',
        '"truncated.tflite": damaged or truncated file',
        "copy or convert the file again",
        "fetch the file with git lfs pull",
        '"unsupported.tflite" is not supported (2 reasons below): change the model or its conversion',
        "note: operator 0 TILE (int8 -> int8): this operator is not supported",
        "note: operator 1 CUSTOM 'Mine' (int8 -> int8): this operator is not supported",
        "the path must be a string literal",
        'write @ember_model("path/to/model.tflite") above class NoCall',
        'class "Taken" defines "input_len", which @ember_model generates: rename it',
    ):
        assert words in checked.output, words


def test_an_ignored_error_takes_its_notes_with_it(application: Path, checked: Result) -> None:
    lines = (application / "broken.py").read_text().splitlines()
    ignored = next(number for number, line in enumerate(lines, 1) if line.startswith("class IgnoredWithNotes")) - 1
    assert f"broken.py:{ignored}:" not in checked.output


@pytest.mark.parametrize("version", VERSIONS)
def test_inheritance_and_stubs_are_understood_without_the_plugin(version: str, portable: Path) -> None:
    found = mypy(version).check(portable, "--config-file=", "--strict", *PORTABLE)
    assert found.findings == expected(portable, PORTABLE, "M"), found.output


def test_a_path_counts_from_the_source_file_whatever_the_working_directory(tmp_path: Path, application: Path) -> None:
    package = tmp_path / "a package" / "inner"
    package.mkdir(parents=True)
    (package / "sine.tflite").write_bytes((application / "sine.tflite").read_bytes())
    (package / "models.py").write_text(
        "from typing import Literal\n"
        "from ember_infer_macros import ember_model\n"
        '@ember_model("../inner/sine.tflite")\n'
        "class Sine: ...\n"
        "length: Literal[1] = Sine.input_len()\n"
    )
    (tmp_path / "mypy.ini").write_text((application / "mypy.ini").read_text())
    found = mypy(VERSIONS[-1]).check(tmp_path, "a package/inner/models.py")
    assert found.findings == set(), found.output


def test_without_a_file_a_path_counts_from_the_working_directory(application: Path) -> None:
    code = 'from ember_infer_macros import ember_model\n@ember_model("sine.tflite")\nclass A: ...\nA.input_len()\n'
    found = mypy(VERSIONS[-1]).check(application, "-c", code)
    assert found.status == 0, found.output


@pytest.mark.parametrize("version", VERSIONS)
def test_lengths_are_known_even_where_mypy_does_not_find_numpy(version: str, tmp_path: Path) -> None:
    add_models(tmp_path)
    options = f"mypy_path = {REPOSITORY}\nno_site_packages = true\nignore_missing_imports = true\n"
    (tmp_path / "mypy.ini").write_text(f"{CONFIGURATION}{options}follow_imports = silent\n")
    (tmp_path / "models.py").write_text(
        "from typing import Literal\n"
        "from ember_infer_macros import ember_model\n"
        '@ember_model("sine.tflite")\n'
        "class Sine: ...\n"
        "length: Literal[1] = Sine.input_len()\n"
        "wrong: Literal[2] = Sine.input_len()\n"
    )
    found = mypy(version).run(tmp_path, "models.py")
    assert found.findings == {("models.py", 6, "assignment")}, found.output
