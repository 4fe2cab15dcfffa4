"""Messages that the documentation shows are those that a model gets."""

from __future__ import annotations

import traceback
from pathlib import Path

import numpy as np
import pytest

from ember_infer_core import UnsupportedModelError
from ember_infer_macros import load
from ember_infer_tools.tflite_writer import ModelWriter
from tests.conftest import REPOSITORY
from tests.docs.pages import blocks

pytestmark = pytest.mark.usefixtures("tflm_wheel")


def detector(with_floats: bool) -> bytes:
    """A model whose operator 3 is TILE, and operator 5 a CONV_2D in float32 if that is wanted."""
    writer = ModelWriter()

    def activation(name: str, dtype: str = "int8") -> int:
        return writer.tensor(name, (1, 2, 2, 1), dtype, scale=0.5 if dtype == "int8" else None)

    first = last = activation("first")
    for number in range(5):
        before, last = last, activation(f"activation{number}")
        if number == 3:
            once = writer.tensor("once", (4,), "int32", data=np.ones(4, np.int32))
            writer.operator("TILE", [before, once], [last])
        else:
            writer.add(before, before, last)
    if with_floats:
        weights = writer.tensor("weights", (1, 1, 1, 1), "float32", data=np.ones((1, 1, 1, 1), np.float32))
        bias = writer.tensor("bias", (1,), "float32", data=np.ones(1, np.float32))
        writer.conv2d(activation("real", "float32"), weights, bias, activation("result", "float32"))
    return writer.finish([first], [last])


def refusal(folder: Path, with_floats: bool = False) -> UnsupportedModelError:
    model = folder / "detector.tflite"
    model.write_bytes(detector(with_floats))
    with pytest.raises(UnsupportedModelError) as caught:
        load(model)
    return caught.value


def shown(page: str, beginning: str) -> str:
    """The one block of a page that begins so."""
    (found,) = [one.content for one in blocks(REPOSITORY / page) if one.content.startswith(beginning)]
    return found


def test_the_readme_shows_how_an_import_ends(tmp_path: Path) -> None:
    message = "".join(traceback.format_exception_only(refusal(tmp_path)))
    assert message.replace(f"{tmp_path}/", "") == shown("README.md", "ember_infer_core.errors.UnsupportedModelError")


def test_the_page_on_cures_shows_a_refusal(tmp_path: Path) -> None:
    refused = str(refusal(tmp_path)).partition("detector.tflite: ")[2]
    assert refused == shown("docs/getting-a-model-that-runs.md", "not supported:").rstrip("\n")


def test_the_page_on_types_shows_the_same_reasons(tmp_path: Path) -> None:
    notes = [line for line in shown("docs/typing.md", "app.py:6: error").splitlines() if ": note: " in line]
    reasons = [line.removeprefix("  - ") for line in str(refusal(tmp_path, with_floats=True)).splitlines()[1:]]
    assert len(notes) == 2
    assert [note.partition(": note: ")[2] for note in notes] == reasons[: len(notes)]
