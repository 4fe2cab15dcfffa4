"""The graph as it is drawn: boxes with places and words, and the ways between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ember_infer_tools.inspect import ModelReport
from ember_infer_tools.report.layout import Edge, Layout, Node, lay_out
from ember_infer_tools.report.words import head, share, short, tensor_words

__all__ = ["BOX", "Box", "Graph", "Way", "draw_graph"]

BOX = (224, 62)
_PORT_HEIGHT = 46
_PITCH = (248, 90)
_MARGIN = 12
_LANE = 14
_ROUND = 8
# Letters that a box has room for: in bold above, and of equal width below.
_BOLD, _WIDE = 24, 31


@dataclass(frozen=True, slots=True)
class Box:
    """One node.

    Attributes:
        kind: ``operator``, ``input`` or ``output``.
        index: of the operator, or of the input or output.
        x, y, height: where it stands; all are equally wide.
        title, name, tensor: its three lines.
        share: of the model's multiply-accumulates, from 0 to 1.
        mark: ``fault`` where sides differ on the same input, ``grown`` where they do from end to end, else empty;
            ``problem`` where the operator is not supported.
        words: what it says to those who do not see it, beside its lines.
    """

    kind: str
    index: int
    x: int
    y: int
    height: int
    title: str
    name: str
    tensor: str
    share: float
    mark: str
    words: str


@dataclass(frozen=True, slots=True)
class Way:
    """A tensor's way from box to box, and what it is."""

    path: str
    words: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Everything, in pixels."""

    boxes: tuple[Box, ...]
    ways: tuple[Way, ...]
    width: int
    height: int
    layout: Layout


def draw_graph(model: ModelReport, marks: Mapping[int, str]) -> Graph:
    """The graph of a model.

    Args:
        model: what was found out.
        marks: of operators by their number: see :class:`Box`.
    """
    layout = lay_out(model)
    boxes = [_box(model, node, marks) for node in layout.nodes]
    ways = [
        Way(_path(boxes[edge.source], boxes[edge.target], edge), tensor_words(model.tensors[edge.tensor]))
        for edge in layout.edges
    ]
    width = 2 * _MARGIN + layout.columns * _PITCH[0] + layout.lanes * _LANE
    height = 2 * _MARGIN + (layout.rows - 1) * _PITCH[1] + BOX[1]
    return Graph(tuple(boxes), tuple(ways), width, height, layout)


def _box(model: ModelReport, node: Node, marks: Mapping[int, str]) -> Box:
    x, y = _MARGIN + node.column * _PITCH[0], _MARGIN + node.row * _PITCH[1]
    if node.kind != "operator":
        port = (model.inputs if node.kind == "input" else model.outputs)[node.index]
        tensor = model.tensors[port.tensor]
        name, words = short(tensor.name, _BOLD - 8), tensor_words(tensor)
        return Box(node.kind, node.index, x, y, _PORT_HEIGHT, node.kind.capitalize(), name, words, 0.0, "", "")
    operator = model.operators[node.index]
    mark = "problem" if operator.problem is not None else marks.get(operator.index, "")
    said = {"problem": "not supported", "fault": "differs on the same input", "grown": "differs end to end", "": ""}
    outputs = [model.tensors[index] for index in operator.outputs[:1] if index >= 0]
    more = f" and {len(operator.outputs) - 1} more" if len(operator.outputs) > 1 else ""
    part = (operator.macs or 0) / max(model.macs, 1)
    costs = f"{share(part)} of all MACs" if operator.macs else ""
    return Box(
        kind=node.kind,
        index=operator.index,
        x=x,
        y=y,
        height=BOX[1],
        title=head(operator.operator, _BOLD),
        name=short(operator.layer, _WIDE),
        tensor=_last_line("".join(map(tensor_words, outputs)) + more, operator.details),
        share=part,
        mark=mark,
        words=", ".join(filter(None, (said[mark], costs))),
    )


def _last_line(tensor: str, details: str) -> str:
    """What comes out, and how the operator makes it as far as there is room; the layer's details have the rest."""
    words = [word for word in details.split() if word not in ("SAME", "VALID")]
    both = f"{tensor}  {' '.join(words)}".replace("stride ", "/").rstrip()
    return both if len(both) <= _WIDE else head(tensor, _WIDE)


def _path(source: Box, target: Box, edge: Edge) -> str:
    """From the bottom to the top, or around what stands between them: from a side that is free, or through the gaps
    between the rows.
    """
    half, gap = BOX[0] // 2, _PITCH[1] - BOX[1]
    if edge.lane is None:
        x1, y1, x2, y2 = source.x + half, source.y + source.height, target.x + half, target.y
        if x1 == x2:
            return f"M{x1} {y1}V{y2 - 1}"
        return f"M{x1} {y1}V{y2 - gap}C{x1} {y2 - gap // 3} {x2} {y2 - 2 * gap // 3} {x2} {y2 - 1}"
    lane = _MARGIN + edge.beyond * _PITCH[0] - (_PITCH[0] - BOX[0]) + _LANE * (edge.lane + 1)
    aside = half + half // 2
    if edge.leaves_right:
        y1 = source.y + source.height // 2 + 8
        start = f"M{source.x + BOX[0]} {y1}"
    else:
        y1 = source.y + source.height + gap // 3
        start = f"M{source.x + aside} {source.y + source.height}V{y1}"
    if edge.enters_right:
        y2 = target.y + target.height // 2 - 8
        end = f"H{target.x + BOX[0] + 1}"
    else:
        y2 = target.y - gap // 2
        end = f"H{target.x + aside}V{target.y - 1}"
    down = f"H{lane - _ROUND}Q{lane} {y1} {lane} {y1 + _ROUND}V{y2 - _ROUND}"
    return f"{start}{down}Q{lane} {y2} {lane - _ROUND} {y2}{end}"
