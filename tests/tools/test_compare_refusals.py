"""What cannot be compared, and what is said then."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_core import ComparisonError, Executable, ModelError, Program, UnsupportedOperator
from ember_infer_ref import RefBackend
from ember_infer_tools.compare import compare
from ember_infer_tools.compare.inputs import load_inputs
from ember_infer_tools.compare.interpreters import RUNTIMES
from ember_infer_tools.tflite_writer import ModelWriter
from tests.tools.comparing import DIGITS, REF


def test_a_runtime_that_is_not_installed_is_told_with_the_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RUNTIMES, "litert", replace(RUNTIMES["litert"], module="ai_edge_nowhere"))
    with pytest.raises(ComparisonError, match=r"litert is not installed: pip install 'ember-infer\[litert\]'"):
        compare(DIGITS, REF, "litert")


def test_a_runtime_that_dies_is_told_with_its_signal(tflm_wheel: None) -> None:
    writer = ModelWriter()
    logits = writer.tensor("logits", (1, 600), scale=0.1, zero_point=0)
    classes = writer.tensor("classes", (1, 600), scale=1 / 256, zero_point=-128)
    writer.softmax(logits, classes)
    with pytest.raises(ComparisonError, match=r"TensorFlow Lite Micro, given the model, was stopped by SIG[A-Z]+"):
        compare(writer.finish([logits], [classes]), REF, "tflm", np.zeros((1, 600), np.int8))


class Fails(RefBackend):
    def softmax(self, params: Any) -> None:
        raise ZeroDivisionError("a fault in a kernel")


class Refuses(RefBackend):
    def compile(self, program: Program) -> Executable:
        raise UnsupportedOperator("not today")


@pytest.mark.parametrize(("backend", "message"), [(Fails(), "ZeroDivisionError: a fault"), (Refuses(), "not today")])
def test_a_backend_that_cannot_run_the_model_is_no_difference(backend: RefBackend, message: str) -> None:
    with pytest.raises(ComparisonError, match=message):
        compare(DIGITS, REF, backend)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((2, 64)), r"int8 is wanted, not float64 \(quantize\(\)"),
        (np.zeros((2, 63), np.int8), r"shape \(2, 63\) does not hold whole samples of 64 elements"),
        (np.zeros((0, 64), np.int8), r"no samples: an array of shape \(0, 64\) is empty"),
        ([np.zeros((1, 64), np.int8)] * 2, "2 arrays for 1 input of the model"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs: Any, message: str) -> None:
    with pytest.raises(ComparisonError, match=message):
        compare(DIGITS, REF, REF, inputs)


IMAGES = np.zeros((2, 64), np.int8)
LABELS = np.zeros(2, np.int64)


def saved(path: Path, arrays: Any) -> Path:
    """A .npy file of an array, or a .npz file of several."""
    if isinstance(arrays, dict):
        np.savez(path.with_suffix(".npz"), **arrays)
        return path.with_suffix(".npz")
    np.save(path.with_suffix(".npy"), arrays)
    return path.with_suffix(".npy")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"images": IMAGES, "labels": LABELS},
            ".npz: 2 arrays (images, labels) for 1 input of the model: save the samples under the name inputs",
        ),
        ({"inputs": IMAGES / 2}, ".npz, array inputs: int8 is wanted, not float64"),
        ({"mine": IMAGES[:, 1:]}, ".npz, array mine: shape (2, 63) does not hold whole samples"),
        (IMAGES[:, 1:], ".npy: shape (2, 63) does not hold whole samples"),
    ],
)
def test_inputs_of_a_file_that_do_not_fit_are_told_by_its_name(tmp_path: Path, arrays: Any, message: str) -> None:
    path = saved(tmp_path / "samples", arrays)
    with pytest.raises(ComparisonError, match=re.escape(f"{tmp_path / 'samples'}{message}")):
        compare(DIGITS, REF, REF, load_inputs(path))


def test_a_model_of_several_inputs_wants_an_archive(tmp_path: Path) -> None:
    writer = ModelWriter()
    *sources, total = (writer.tensor(name, (1, 4), scale=0.5) for name in ("left", "right", "sum"))
    writer.operator("ADD", sources, [total])
    path = saved(tmp_path / "samples", np.zeros((2, 4), np.int8))
    with pytest.raises(ComparisonError, match=r"npy: 1 array for 2 inputs of the model: save an array for each"):
        compare(writer.finish(sources, [total]), REF, REF, load_inputs(path))


def test_a_model_that_cannot_be_read_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        compare(tmp_path / "nowhere.tflite", REF, REF)


def test_a_side_that_answers_otherwise_when_it_is_watched_is_noted(digits: Program) -> None:
    class Shy(RefBackend):
        def compile(self, program: Program) -> Executable:
            return RefBackend("double" if len(program.outputs) == 1 else "float").compile(program)

    found = compare(DIGITS, REF, Shy(), samples=8)
    assert len(found.notes) == 1
    assert "reading every tensor changes the outputs of" in found.notes[0]
    assert not any(output.different for output in found.outputs)


@pytest.mark.parametrize("name", ["conv1.npy", "conv1.bin", "index.csv"])
def test_a_fifo_among_dumps_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    place = tmp_path / name if name == "index.csv" else tmp_path
    with pytest.raises(ComparisonError, match="not a regular file"):
        compare(DIGITS, REF, f"dumps:{place}")


@pytest.mark.parametrize("name", ["inputs.npy", "inputs.npz"])
def test_inputs_that_lie_or_never_end_are_told(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(ComparisonError, match="not a regular file"):
        load_inputs(tmp_path / name)
    os.unlink(tmp_path / name)
    np.savez_compressed(tmp_path / "whole.npz", inputs=np.zeros((99, 64), np.int8))
    content = bytearray((tmp_path / "whole.npz").read_bytes())
    content[60:80] = b"\xff" * 20  # what zlib cannot inflate
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ComparisonError, match=name):
        load_inputs(tmp_path / name)
