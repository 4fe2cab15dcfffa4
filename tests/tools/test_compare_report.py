"""Samples, report and command line of a comparison."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_core import Program
from ember_infer_core.samples import random_inputs
from ember_infer_ref import RefBackend
from ember_infer_tools.compare import compare
from tests.tools.comparing import DIGITS, REF, OffByOne, command, shown


def test_random_inputs_are_those_of_the_seed(digits: Program) -> None:
    again = [random_inputs(digits, 3, seed)[0].tolist() for seed in (5, 5, 6)]
    assert again[0] == again[1] != again[2]
    assert compare(DIGITS, REF, REF, samples=2, seed=5).inputs == "random, seed 5"


def test_progress_counts_the_samples() -> None:
    steps: list[tuple[int, int]] = []
    compare(DIGITS, REF, REF, samples=3, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_the_report_names_layer_extent_elements_histogram_and_dialect(digits: Program) -> None:
    shape = digits.calls[0].params.weights_shape  # type: ignore[attr-defined]
    text = shown(compare(DIGITS, REF, OffByOne(shape, position=17), samples=2))
    assert "First layer that differs on the same input (that of A): conv1" in text
    assert "2 of 2,048 elements differ (0.10%), by 1 at most" in text
    assert "first:   sample 0, element (0, 0, 1, 1): A " in text
    assert "+1          2  ██" in text
    assert "B: no known dialect gives any of the differing elements" in text
    assert "A: every element as the dialect double" in text


def test_many_different_differences_are_shown_in_ranges() -> None:
    class Noise(RefBackend):
        def max_pool(self, params: Any) -> None:
            params.output[...] = np.random.default_rng(0).integers(-128, 128, params.output.shape, np.int8)

    text = shown(compare(DIGITS, REF, Noise()))
    rows = text[text.index("B - A") : text.index("dialects are known")].splitlines()[1:-1]
    assert 2 <= len(rows) <= 12
    assert all(".." in row for row in rows)
    bars = [row.count("█") for row in rows]
    counts = [int(row.split()[1].replace(",", "")) for row in rows]
    assert max(bars) == bars[counts.index(max(counts))] > bars[counts.index(min(counts))]


def test_the_command_exits_with_0_when_all_is_equal() -> None:
    result = command(str(DIGITS), "--a", REF, "--b", REF)
    assert (result.returncode, result.stderr) == (0, "")
    assert "equal: 12 of 12 layers fed the same input, 12 of 12 layers end to end" in result.stdout
    assert "\x1b" not in result.stdout


def test_the_command_exits_with_1_and_prints_json_when_something_differs(tmp_path: Path) -> None:
    """With a backend of the working folder, arguments, and samples from a file."""
    (tmp_path / "mine.py").write_text("from ember_infer_ref import RefBackend as Mine\n")
    np.save(tmp_path / "samples.npy", np.random.default_rng(2).integers(-128, 128, (20, 64), np.int8))
    arguments = ("--a", REF, "--b", "mine:Mine,rounding=float", "--inputs", "samples.npy", "--json")
    result = command(str(DIGITS), *arguments, cwd=tmp_path)
    assert result.returncode == 1, result.stderr
    document = json.loads(result.stdout)
    assert document["equal"] is False
    assert document["first_faulty"] in {layer["layer"] for layer in document["layer_by_layer"]}
    assert "float" in document["dialects"]["b"]
    assert document["samples"] == 20
    first = next(layer for layer in document["layer_by_layer"] if layer["layer"] == document["first_faulty"])
    assert set(first) == {"layer", "operator", "index", "tensor", "shape", "difference", "a", "b"}
    assert set(first["difference"]) == {"dtype", "elements", "different", "largest", "histogram", "first", "worst"}
    assert set(first["difference"]["first"]) == {"sample", "coordinates", "a", "b"}
    assert sum(first["difference"]["histogram"].values()) == first["difference"]["different"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.tflite", "--a", REF, "--b", REF), "nowhere.tflite: no such file"),
        ((str(DIGITS), "--a", REF, "--b", "ember_infer_ref:Nothing"), "has no Nothing"),
        ((str(DIGITS), "--a", "foo", "--b", REF), "or one of ref, native, esp, esp-p4, tflm, litert, dumps:FOLDER\n"),
        ((str(DIGITS), "--a", REF, "--b", "dumps:/nowhere"), "/nowhere: No such file or directory\n"),
        ((str(DIGITS), "--a", REF, "--b", REF, "--inputs", "nowhere.npy"), "nowhere.npy: No such file or directory\n"),
        ((str(DIGITS), "--a", REF, "--b", REF, "--inputs", str(DIGITS)), "digits.tflite: no NumPy file of numbers"),
    ],
)
def test_the_command_exits_with_2_when_it_cannot_compare(arguments: tuple[str, ...], message: str) -> None:
    result = command(*arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert result.stdout == ""


def test_a_notebook_gets_a_table_with_the_same_words() -> None:
    text = compare(DIGITS, RefBackend(), RefBackend("float"), samples=8)._repr_html_()
    assert "first layer that differs on the same input: " in text
    assert "<th>end to end</th>" in text
    assert "<td>every element as the dialect double (" in text
    equal = compare(DIGITS, RefBackend(), RefBackend())._repr_html_()
    assert "<caption>digits.tflite: equal: 12 of 12 layers fed the same input" in equal
