"""Names from a model's file, however they are meant, are harmless in C; names of models clash with nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ember_infer_core import Program
from ember_infer_firmware.context import Names, check_model_name, model_name
from ember_infer_firmware.golden import golden_vectors, samples_of
from ember_infer_firmware.plan import plan_program
from ember_infer_firmware.project import project_files
from tests.firmware.nets import reversals, with_layer_names, with_tensor_names
from tests.firmware.unity import STRICT, compiled, models_source
from tests.support.debian import debian_program

HOSTILE = (
    "*/ int x; /*",
    "a comment that goes on \\",
    'a "text"',
    "a trigraph ??/",
    "\n#error\n",
    "%s%n",
    "$(shell,touch here)`touch here`${HOME}<script>",
    "\N{RIGHT-TO-LEFT OVERRIDE}\N{PILE OF POO}",
    "",
    "x" * 5000,
)


def assert_compiles(programs: dict[str, Program], folder: Path) -> str:
    """All of them as one source, without a warning; its text."""
    plans = [plan_program(program, name, "reference") for name, program in programs.items()]
    source = models_source(plans, folder)
    compiled([debian_program("gcc", "gcc"), *STRICT, "-c", str(source), "-o", str(folder / "models.o")])
    return "".join((folder / f"{plan.name}.{suffix}").read_text() for plan in plans for suffix in "hc")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_tensors_and_files_end_no_comment(name: str, tmp_path: Path) -> None:
    text = assert_compiles({"model": with_tensor_names(reversals(), name)}, tmp_path)
    assert max(map(len, text.splitlines())) < 200


@pytest.mark.parametrize("names", [HOSTILE[:5], HOSTILE[-5:]], ids=["first", "last"])
def test_names_of_layers_are_made_names_of_c(names: Sequence[str], tmp_path: Path) -> None:
    assert_compiles({"model": with_layer_names(reversals(5), *names)}, tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        ("int", "while", "arena", "input", "output"),
        ("AT", "NULL", "model", "model_run", "reset"),
        ("a", "A", "a_2", "a", "a!"),  # also of several calls, the second of which would have a number
        ("run", "reset", "main", "errno", "selftest"),
    ],
)
def test_layers_may_be_called_what_c_and_models_have_themselves(names: Sequence[str], tmp_path: Path) -> None:
    assert_compiles({"model": with_layer_names(reversals(5), *names)}, tmp_path)


@pytest.mark.parametrize(
    "name", ["int", "arena", "input", "output", "layer", "p", "AT", "NULL", "main", "int8", "A_b", "embers", "esp"]
)
def test_a_model_may_be_called_anything_that_begins_a_name(name: str, tmp_path: Path) -> None:
    assert_compiles({name: reversals()}, tmp_path)


def test_models_are_compiled_as_one_source(tmp_path: Path) -> None:
    """As in a sketch, or where a build joins all sources; one has the other's name and more."""
    assert_compiles({"word": reversals(), "word_again": reversals(3)}, tmp_path)


def test_no_layer_makes_a_name_of_another_model(tmp_path: Path) -> None:
    """Layers of the one begin where the other's name goes on; neither is known when the other is exported."""
    layers = [with_layer_names(reversals(3), *names) for names in (("v2_a", "v2_a_b", "v2"), ("a", "a_b", "c"))]
    assert_compiles({"kws": layers[0], "kws_v2": layers[1]}, tmp_path)


@pytest.mark.parametrize("name", ["", "1st", "two words", "x-y", "é", "a;b"])
def test_what_begins_no_name_in_c_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot begin names in C"):
        plan_program(reversals(), name, "reference")


@pytest.mark.parametrize(
    "name", ["string", "Math", "features", "sdkconfig", "ember", "EMBER_conv2d", "esp_nn", "test", "arm_nnfunctions"]
)
def test_a_name_that_means_something_else_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="could be taken for"):
        plan_program(reversals(), name, "reference")


@pytest.mark.parametrize(
    "text", [*HOSTILE, "string", "test", "features", "ember_conv2d", "1st", "two words", "model.tflite"]
)
def test_a_name_is_made_of_any_text(text: str) -> None:
    check_model_name(model_name(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_names_of_files_and_folders_are_nothing_to_build_systems(text: str) -> None:
    """Kconfig runs $(shell,...) in a text; YAML, CMake, Markdown and a shell have their own ideas."""
    program = replace(reversals(), name=f"{text} @upper@")
    files = project_files(
        plan_program(program, "model", "reference"),
        golden_vectors(program, samples_of(program, None, 1)),
        f"{text} @name@",
        f"Ember Infer from {text} @name@",
    )
    for path in files:
        assert "$(" not in files[path]
        assert "${HOME}" not in files[path]
    assert "@upper@" in files["library.properties"]
    for path in ("zephyr/Kconfig", "library.properties", "idf_component.yml", "library.json", "README.md"):
        assert files[path].replace("\N{PILE OF POO}", "").isascii()  # as the folder is called
        assert files[path].replace("\n", "").replace("\t", "").isprintable()
        assert "touch here`" not in files[path]
    assert yaml.safe_load(files["idf_component.yml"]).keys() == {"version", "description", "dependencies"}
    assert len(json.loads(files["library.json"])) == 8
    assert len(files["library.properties"].splitlines()) == 10
    assert len(files["zephyr/Kconfig"].splitlines()) == 9
    assert len(files["Kconfig"].splitlines()) == 5


def test_very_many_layers_of_one_name_are_told_apart_in_no_time() -> None:
    names = Names()
    assert len({names.of("same") for _ in range(100_000)}) == 100_000


def test_numbers_do_not_run_into_names_that_end_in_them() -> None:
    names = Names(["a_2"])
    assert [names.of("a") for _ in range(3)] == ["a", "a_3", "a_4"]


def test_a_tensor_without_a_name_is_described_all_the_same(tmp_path: Path) -> None:
    program = replace(reversals(), name="")
    assert "int8[2, 3]" in assert_compiles({"model": program}, tmp_path)
