"""Where the graph's nodes stand."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ember_infer_tools.inspect import ModelReport, inspect_model
from ember_infer_tools.report.graph import draw_graph
from ember_infer_tools.report.layout import MOST_NODES, Layout, lay_out
from ember_infer_tools.tflite_writer import ModelWriter
from tests.tools.comparing import DIGITS
from tests.tools.report.reports import chain


def branching(branches: int) -> ModelReport:
    """One input, many operators beside each other, and one that reads them all."""
    writer = ModelWriter()
    source = writer.tensor("in", (2,), scale=0.5)
    beside = [writer.tensor(f"t{index}", (2,), scale=0.5) for index in range(branches)]
    for tensor in beside:
        writer.operator("ABS", [source], [tensor])
    result = writer.tensor("out", (2,), scale=0.5)
    writer.operator("ADD_N", beside, [result])
    return inspect_model(writer.finish([source], [result]), [])


def stand_apart(layout: Layout) -> bool:
    places = [(node.row, node.column) for node in layout.nodes]
    return len(set(places)) == len(places)


def test_a_chain_stands_in_one_column() -> None:
    layout = lay_out(inspect_model(chain("abcd"), []))
    assert [(node.kind, node.row, node.column) for node in layout.nodes] == [
        ("input", 0, 0),
        ("operator", 1, 0),
        ("operator", 2, 0),
        ("operator", 3, 0),
        ("output", 4, 0),
    ]
    assert [(edge.source, edge.target, edge.lane) for edge in layout.edges] == [(k, k + 1, None) for k in range(4)]


def test_a_tensor_that_skips_layers_goes_around_them() -> None:
    layout = lay_out(inspect_model(DIGITS, []))
    around = [edge for edge in layout.edges if edge.lane is not None]
    assert [(layout.nodes[edge.source].index, layout.nodes[edge.target].index) for edge in around] == [(0, 3), (5, 8)]
    assert layout.lanes == 1  # one is free again before the other begins
    assert all(edge.beyond == 1 for edge in around)


@pytest.mark.parametrize("branches", [2, 7, 30])
def test_branches_stand_beside_each_other_and_nothing_on_anything(branches: int) -> None:
    layout = lay_out(branching(branches))
    assert stand_apart(layout)
    assert len(layout.edges) == 2 * branches + 1
    assert all(layout.nodes[edge.source].row < layout.nodes[edge.target].row for edge in layout.edges)


def test_a_branch_goes_straight_down_where_nothing_is_below() -> None:
    writer = ModelWriter()
    source, short, first, long, result = (writer.tensor(name, (2,), scale=0.5) for name in ("in", "a", "b", "c", "out"))
    for before, after in ((source, short), (source, first), (first, long)):
        writer.operator("ABS", [before], [after])
    writer.operator("ADD", [short, long], [result])
    layout = lay_out(inspect_model(writer.finish([source], [result]), []))
    assert all(edge.lane is None for edge in layout.edges)
    assert [(node.row, node.column) for node in layout.nodes] == [(0, 0), (1, 0), (1, 1), (2, 1), (3, 0), (4, 0)]


def test_two_ways_around_at_the_same_time_are_two_lanes() -> None:
    layout = lay_out(branching(30))
    spans = [
        (layout.nodes[edge.source].row, layout.nodes[edge.target].row, edge.lane)
        for edge in layout.edges
        if edge.lane is not None
    ]
    for lane in range(layout.lanes):
        own = sorted((start, end) for start, end, taken in spans if taken == lane)
        assert all(before[1] <= after[0] for before, after in pairwise(own))


def test_of_a_long_model_the_first_layers_are_drawn_and_the_rest_counted() -> None:
    layout = lay_out(inspect_model(chain([f"t{number}" for number in range(1001)]), []))
    assert len(layout.nodes) <= MOST_NODES
    assert len(layout.nodes) + layout.left_out == 1002


def test_boxes_lie_within_the_drawing() -> None:
    graph = draw_graph(branching(30), {})
    assert max(box.y + box.height for box in graph.boxes) < graph.height
    assert max(box.x for box in graph.boxes) + 224 < graph.width


def test_a_model_without_operators_is_a_drawing_too() -> None:
    writer = ModelWriter()
    source = writer.tensor("in", (2,), scale=0.5)
    layout = lay_out(inspect_model(writer.finish([source], [source]), []))
    assert [node.kind for node in layout.nodes] == ["input", "output"]
