"""What a report gathers, from which side, on which samples."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from ember_infer_core.errors import ComparisonError, KernelError, ModelError
from ember_infer_macros.lower import program as lower
from ember_infer_macros.tflite import read
from ember_infer_tools.bench.layers import LayerTimes, time_layers
from ember_infer_tools.inspect import inspection
from ember_infer_tools.report import Report, gather, make_report
from ember_infer_tools.report.layers import layers_of
from ember_infer_tools.report.page import render
from ember_infer_tools.tflite_writer import ModelWriter
from tests.tools.comparing import DIGITS
from tests.tools.report.reports import Page


@pytest.fixture(scope="module")
def compared() -> Report:
    """Two roundings, which differ in some convolutions on these samples."""
    return make_report(DIGITS, "ref", "ref,rounding=float", samples=8)


def test_a_model_alone_is_run_by_ref() -> None:
    report = make_report(DIGITS)
    assert report.inputs == "4 samples, random, seed 0"
    assert report.activations_by == "ember_infer_ref:RefBackend"
    assert [times.backend for times in report.times] == ["ember_infer_ref:RefBackend"]
    assert report.comparison is None
    assert not report.same_input


def test_two_sides_are_compared_on_the_samples_that_are_shown(compared: Report) -> None:
    assert compared.comparison is not None
    assert compared.comparison.samples == 8
    assert [times.backend for times in compared.times] == [
        "ember_infer_ref:RefBackend",
        "ember_infer_ref:RefBackend,rounding=float",
    ]


def test_maps_show_the_elements_that_the_comparison_counts(compared: Report) -> None:
    assert compared.comparison is not None
    for layers, maps in (
        (compared.comparison.layer_by_layer, compared.same_input),
        (compared.comparison.end_to_end, compared.end_to_end),
    ):
        assert {layer.tensor for layer in layers if layer.differs} == set(maps)
        for layer in layers:
            if layer.difference is not None and layer.differs:
                assert sum(maps[layer.tensor].channels) == layer.difference.different
    assert compared.same_input


def test_layers_that_differ_are_marked_by_what_is_at_fault(compared: Report) -> None:
    layers, marks = layers_of(compared)
    comparison = compared.comparison
    assert comparison is not None
    assert {index for index, mark in marks.items() if mark == "fault"} == {
        layer.index for layer in comparison.layer_by_layer if layer.differs
    }
    last = layers[-1]
    assert last.mark == "grown"
    assert [one.name for one in last.compared] == ["probabilities"]


def test_a_layer_that_has_no_call_shows_the_tensor_whose_memory_it_is(compared: Report) -> None:
    layers = {layer.operator.layer: layer for layer in layers_of(compared)[0]}
    assert layers["flatten"].times == []
    assert layers["flatten"].activations == layers["average_pool"].activations


def test_much_at_an_end_of_a_fused_activation_is_no_saturation() -> None:
    writer = ModelWriter()
    source = writer.tensor("in", (1, 2), scale=1.0, zero_point=0)
    cut, free = (writer.tensor(name, (1, 2), scale=6 / 254, zero_point=-127) for name in ("cut", "free"))
    writer.operator("ADD", [source, source], [cut], activation="RELU6")
    writer.operator("ADD", [source, source], [free])
    report = make_report(writer.finish([source], [cut, free]), inputs=np.full((1, 2), 100, np.int8))
    found = [layer.activations for layer in layers_of(report)[0]]
    assert [one is not None and one.high_crowded for one in found] == [False, True]


def test_shares_of_the_time_come_to_one(compared: Report) -> None:
    times = [layer.times[0].share for layer in layers_of(compared)[0] if layer.times]
    assert sum(times) == pytest.approx(1)


def test_samples_are_those_that_are_given() -> None:
    samples = np.full((3, 64), 5, np.int8)
    report = make_report(DIGITS, inputs=samples)
    assert report.inputs == "3 samples, given"
    assert report.activations[report.model.inputs[0].tensor].least == 5


def test_a_device_whose_input_was_dumped_is_shown_on_that(tmp_path: Path) -> None:
    np.save(tmp_path / "input.npy", np.full((2, 8, 8, 1), 7, np.int8))
    np.save(tmp_path / "conv1.npy", np.zeros((2, 8, 8, 16), np.int8))
    report = make_report(DIGITS, "ref", f"dumps:{tmp_path}")
    assert report.inputs == "2 samples, dumped by the device"
    assert report.comparison is not None
    assert report.comparison.inputs == "dumped"
    assert report.comparison.first_faulty is not None
    assert len(report.times) == 1  # a dump cannot be timed


def test_a_device_s_dumps_of_inputs_that_nobody_knows_are_not_held_to_random_ones(tmp_path: Path) -> None:
    np.save(tmp_path / "conv1.npy", np.zeros((4, 8, 8, 16), np.int8))
    with pytest.raises(ComparisonError, match="made from which inputs"):
        make_report(DIGITS, "ref", f"dumps:{tmp_path}")


def test_as_many_samples_are_run_as_are_asked_for_and_at_least_one() -> None:
    assert make_report(DIGITS, samples=1).inputs == "1 sample, random, seed 0"
    with pytest.raises(ComparisonError, match="samples must be 1 or more, not 0"):
        make_report(DIGITS, samples=0)


def test_a_file_is_read_and_lowered_once_for_all_that_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    done: Counter[str] = Counter()

    def count(module: ModuleType, name: str) -> None:
        original = getattr(module, name)

        def counted(*given: Any) -> Any:
            done[name] += 1
            return original(*given)

        monkeypatch.setattr(module, name, counted)

    for module, name in (
        (read, "_read_file"),
        (read, "_read_model"),
        (lower, "lower_graph"),
        (inspection, "lower_graph"),
    ):
        count(module, name)
    make_report(DIGITS, "ref", "ref,rounding=float", samples=1)
    assert done == {"_read_file": 1, "_read_model": 1, "lower_graph": 1}


def test_a_model_that_is_not_supported_is_shown_and_not_run() -> None:
    writer = ModelWriter()
    source, result = (writer.tensor(name, (4,), scale=1.0) for name in "ab")
    writer.operator("GELU", [source], [result])
    report = make_report(writer.finish([source], [result]))
    assert not report.inputs
    assert not report.times
    assert "nothing was run" in report.notes[0]
    assert layers_of(report)[0][0].mark == "problem"


def test_a_model_without_operators_is_a_report_too() -> None:
    writer = ModelWriter()
    source = writer.tensor("in", (2,), scale=0.5)
    report = make_report(writer.finish([source], [source]))
    assert layers_of(report)[0] == []
    assert source in report.activations


def test_runs_that_fail_count_as_far_as_they_come_and_are_told() -> None:
    writer = ModelWriter()
    source, middle, result = (writer.tensor(name, (1, 2), scale=1.0) for name in ("x", "abs", "rsqrt"))
    writer.operator("ABS", [source], [middle])
    writer.operator("RSQRT", [source], [result])
    model = writer.finish([source], [middle, result])
    report = make_report(model, inputs=np.array([[-1, -4], [4, 9]], np.int8))
    assert (report.activations[middle].elements, report.activations[result].elements) == (4, 2)
    assert report.notes[0].startswith("1 of 2 runs ended early, the first of them so: ")
    assert report.notes[1].startswith("ember_infer_ref:RefBackend was not timed: ")


def test_a_run_that_fails_is_no_comparison_and_a_report_all_the_same() -> None:
    writer = ModelWriter()
    source, result = (writer.tensor(name, (1, 2), scale=1.0) for name in ("x", "rsqrt"))
    writer.operator("RSQRT", [source], [result])
    failing = np.array([[4, 9], [-1, -4]], np.int8)
    report = make_report(writer.finish([source], [result]), "ref", "ref,rounding=float", inputs=failing)
    assert report.comparison is None
    assert report.activations[result].elements == 2
    assert report.notes[0].startswith("1 of 2 runs ended early")
    assert report.notes[1].startswith("Nothing was compared: ember_infer_ref:RefBackend: the model: ")
    assert len(report.times) == 2  # on the first sample
    assert "Nothing was compared: " in Page(render(report)).text


def test_times_of_one_side_stay_where_the_other_cannot_be_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(name: str, *given: Any) -> LayerTimes:
        if name.endswith("float"):
            raise KernelError("not this one")
        return time_layers(name, *given)

    monkeypatch.setattr(gather, "time_layers", failing)
    report = make_report(DIGITS, "ref", "ref,rounding=float", samples=1)
    assert [times.backend for times in report.times] == ["ember_infer_ref:RefBackend"]
    assert report.notes == ("ember_infer_ref:RefBackend,rounding=float was not timed: not this one",)


def test_the_other_side_alone_is_compared_with_ref() -> None:
    report = make_report(DIGITS, None, "ref,rounding=float", samples=1)
    assert report.comparison is not None
    assert (report.comparison.a, report.activations_by) == ("ember_infer_ref:RefBackend",) * 2


@pytest.mark.parametrize("side", ["litert", "tflm", "dumps:nowhere"])
def test_what_has_no_activations_and_times_is_refused_alone(side: str) -> None:
    with pytest.raises(ComparisonError, match=f"{side}: activations and times are those of a backend: give one"):
        make_report(DIGITS, side)


def test_of_a_side_that_is_not_there_all_that_could_be_is_named() -> None:
    with pytest.raises(ValueError, match=r"'foo': .* or one of ref, native, esp, esp-p4, tflm, litert, dumps:FOLDER"):
        make_report(DIGITS, "foo")


@pytest.mark.parametrize("sides", [("", None), ("ref", "")])
def test_a_side_without_a_name_is_refused(sides: tuple[str, str | None]) -> None:
    with pytest.raises(ValueError, match="backend '': write"):
        make_report(DIGITS, *sides)


def test_steps_are_of_models_that_keep_state() -> None:
    with pytest.raises(ComparisonError, match="keeps no state: say samples"):
        make_report(DIGITS, steps=3)


def test_damage_is_told_as_everywhere() -> None:
    with pytest.raises(ModelError, match="nowhere"):
        make_report("nowhere.tflite")
