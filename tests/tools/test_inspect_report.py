"""The look of an inspection: in a terminal, and as JSON."""

from __future__ import annotations

import json

import pytest

from ember_infer_ref import RefBackend
from ember_infer_tools.inspect import inspect_model, to_json
from ember_infer_tools.inspect.report import arena_picture
from ember_infer_tools.tflite_writer import ModelWriter
from tests.tools.inspecting import DIGITS, PlainBackend, shown


def test_the_picture_has_a_row_for_each_call_and_a_run_for_each_block() -> None:
    arena = inspect_model(DIGITS, []).arena
    scale, *rows = (line.plain for line in arena_picture(arena, 90))
    assert len(rows) == len(arena.steps)
    assert {len(row) for row in rows} == {90}
    assert scale.endswith("3,072 bytes")
    for step, row in enumerate(rows):
        in_use = sum(b.size for b in arena.blocks if b.first <= step <= b.last)
        cells = row[row.index("▕") + 1 : row.index("▏")]
        assert abs(len(cells) - cells.count("·") - in_use * len(cells) / arena.length) <= 2
    assert " pointwise2 " in rows[2]


def test_a_copy_that_the_compiler_adds_has_a_row_without_a_number() -> None:
    writer = ModelWriter()
    source, result = (writer.tensor(name, (1, 400), scale=1.0) for name in ("x", "y"))
    writer.operator("ABS", [source], [result])
    report = inspect_model(writer.finish([source], [result, source]), [])
    assert report.arena.operators == (0, None)
    _, operator, copy = (line.plain for line in arena_picture(report.arena, 60))
    assert operator.startswith("0 y")
    assert copy.startswith("  x")


def test_names_from_a_file_cannot_steer_the_terminal(tflm_wheel: None) -> None:
    writer = ModelWriter()
    source = writer.tensor("\x1b[31mred [bold]x\u202e", (1, 4), scale=0.5, zero_point=0)
    result = writer.tensor("\x07y\n", (1, 4), scale=1 / 256, zero_point=-128)
    writer.softmax(source, result)
    text = shown(inspect_model(writer.finish([source], [result]), [RefBackend]), all_tensors=True)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "?[31mred [bold]x?" in text


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_report_keeps_within_the_width(width: int) -> None:
    text = shown(inspect_model(DIGITS, [RefBackend, PlainBackend]), width, all_tensors=True, all_findings=True)
    assert max(map(len, text.splitlines())) <= width


def test_json_holds_everything_by_name() -> None:
    report = inspect_model(DIGITS, [RefBackend])
    told = json.loads(to_json(report))
    assert told["macs"] == report.macs
    assert told["operators"][0]["scratch"] == {"RefBackend": 0}
    assert told["arena"]["blocks"][0].keys() == {"tensor", "name", "offset", "size", "first", "last"}
    assert told["findings"][0].keys() == {"check", "level", "where", "what", "consequence", "operator"}
