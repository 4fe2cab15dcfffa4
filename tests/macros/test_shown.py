"""What a notebook shows of a model class."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from ember_infer_macros import QuantizedModel, ember_model, load
from ember_infer_tools.tflite_writer import ModelWriter
from tests.conftest import REPOSITORY

SINE = str(REPOSITORY / "models" / "sine.tflite")


@ember_model(SINE)
class Sine(QuantizedModel): ...


def shown(cls: Any) -> str:
    text = cls._repr_html_()
    assert isinstance(text, str)
    return text


def test_a_model_shows_its_ports_its_calls_and_the_arena() -> None:
    text = shown(Sine)
    assert "<caption>Sine</caption>" in text
    for part in (
        "<td>input</td><td>x</td><td>int8</td><td>(1, 1)</td>",
        "<td>dense1</td>",
        '<svg class="arena-picture ',
    ):
        assert part in text
    assert text.endswith(shown(Sine.program))


def test_of_a_long_program_every_activation_is_in_the_picture() -> None:
    writer = ModelWriter()
    tensors = [writer.tensor(f"t{number}", (4,), scale=1.0) for number in range(61)]
    for before, after in pairwise(tensors):
        writer.operator("ABS", [before], [after])
    text = shown(load(writer.finish(tensors[:1], tensors[-1:])))
    assert text.count('class="block"') == 61
    assert "and 20 more" in text  # rows of the table
    assert "The arena over time: 61 blocks" in text


def test_a_class_without_the_base_shows_the_same() -> None:
    @ember_model(SINE)
    class Plain: ...

    assert shown(Plain) == shown(Sine).replace("Sine<", "Plain<")


def test_a_class_may_show_itself_in_its_own_way() -> None:
    @ember_model(SINE)
    class Own:
        @classmethod
        def _repr_html_(cls) -> str:
            return "mine"

    assert shown(Own) == "mine"


def test_names_from_the_file_are_text() -> None:
    writer = ModelWriter()
    source, result = (writer.tensor(f"<script>{name}", (4,), scale=1.0) for name in "ab")
    writer.operator("ABS", [source], [result])
    text = shown(load(writer.finish([source], [result])))
    assert "<script" not in text
    assert "&lt;script&gt;a" in text
