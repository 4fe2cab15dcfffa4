"""Where the graph's nodes stand: a row for each depth, branches beside each other, long ways around at the right."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ember_infer_tools.inspect import ModelReport

__all__ = ["MOST_EDGES", "MOST_NODES", "Edge", "Layout", "Node", "lay_out"]

# What a page can show and a person look at: of more the first ones are drawn.
MOST_NODES = 250
MOST_EDGES = 750
_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Node:
    """An operator, or an input or output of the model.

    Attributes:
        kind: ``operator``, ``input`` or ``output``.
        index: of the operator, or of the input or output.
        row, column: where it stands.
    """

    kind: str
    index: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Edge:
    """A tensor on its way.

    Attributes:
        source, target: which nodes.
        tensor: its number in the file.
        lane: None where nothing stands between the source and the target's row; else which of the ways at the right it
            takes.
        beyond: columns that this way leaves at its left.
        leaves_right, enters_right: whether nothing stands at the right of the source, or of the target.
    """

    source: int
    target: int
    tensor: int
    lane: int | None
    beyond: int
    leaves_right: bool
    enters_right: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The graph.

    Attributes:
        nodes, edges: what is drawn.
        rows, columns, lanes: how much room they take.
        left_out, edges_left_out: how many operators, inputs and outputs, and how many edges, are not drawn.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    rows: int
    columns: int
    lanes: int
    left_out: int
    edges_left_out: int


def lay_out(model: ModelReport) -> Layout:
    """The first operators of a model; in time that does not grow with those that are left out."""
    nodes: list[Node] = []
    taken: dict[int, set[int]] = {}  # columns of each row
    writer: dict[int, int] = {}  # of each tensor, the last node that wrote it
    pairs: dict[tuple[int, int], int] = {}  # from node to node, one of the tensors
    dropped = 0

    def place(kind: str, index: int, reads: Sequence[int]) -> int:
        """The next node, below all that it reads from and as far as possible below the first of them."""
        nonlocal dropped
        sources = list(dict.fromkeys(writer[tensor] for tensor in reads[:MOST_EDGES] if tensor in writer))
        row = max((nodes[source].row + 1 for source in sources), default=0)
        while len(taken.setdefault(row, set())) >= _COLUMNS:
            row += 1
        wanted = nodes[sources[0]].column if sources else 0
        free = (column for column in range(_COLUMNS) if column not in taken[row])
        column = min(free, key=lambda column: (abs(column - wanted), column))
        taken[row].add(column)
        node = len(nodes)
        nodes.append(Node(kind, index, row, column))
        for tensor in reads[:MOST_EDGES]:
            if tensor in writer:
                pairs.setdefault((writer[tensor], node), tensor)
        return node

    room = MOST_NODES - min(len(model.outputs), _COLUMNS)
    inputs = model.inputs[: _COLUMNS * 2]
    for position, port in enumerate(inputs):
        writer[port.tensor] = place("input", position, ())
    operators = model.operators[: room - len(inputs)]
    for operator in operators:
        node = place("operator", operator.index, operator.inputs)
        writer.update(dict.fromkeys(operator.outputs[:MOST_EDGES], node))
    outputs = [
        (position, port.tensor) for position, port in enumerate(model.outputs[:_COLUMNS]) if port.tensor in writer
    ]
    for position, tensor in outputs:
        place("output", position, (tensor,))
    edges = list(pairs.items())[:MOST_EDGES]
    routed, lanes = _routed(nodes, edges)
    everything = len(model.inputs) + len(model.operators) + len(model.outputs)
    return Layout(
        nodes=tuple(nodes),
        edges=tuple(routed),
        rows=max((node.row for node in nodes), default=0) + 1,
        columns=max((node.column for node in nodes), default=0) + 1,
        lanes=lanes,
        left_out=everything - len(nodes),
        edges_left_out=len(pairs) - len(edges),
    )


def _routed(nodes: Sequence[Node], pairs: Sequence[tuple[tuple[int, int], int]]) -> tuple[list[Edge], int]:
    """Edges go straight down where nothing stands below; others around all that does, none of them over another."""
    widest = [0] * (max((node.row for node in nodes), default=0) + 1)
    below: dict[int, list[int]] = defaultdict(list)  # rows of each column
    for node in nodes:
        widest[node.row] = max(widest[node.row], node.column + 1)
        below[node.column].append(node.row)
    for rows in below.values():
        rows.sort()  # an operator that reads little stands above one that comes before it
    lanes: list[int] = []  # the row in which each lane is free again
    edges = []
    for (source, target), tensor in sorted(pairs, key=lambda pair: (nodes[pair[0][0]].row, -nodes[pair[0][1]].row)):
        start, end = nodes[source], nodes[target]
        own = below[start.column]
        after = bisect.bisect_right(own, start.row)
        right = widest[start.row] == start.column + 1, widest[end.row] == end.column + 1
        if after == len(own) or own[after] >= end.row:
            edges.append(Edge(source, target, tensor, None, 0, *right))
            continue
        lane = next((lane for lane, free in enumerate(lanes) if free <= start.row), len(lanes))
        lanes[lane : lane + 1] = [end.row]
        edges.append(Edge(source, target, tensor, lane, max(widest[start.row : end.row + 1]), *right))
    return edges, len(lanes)
