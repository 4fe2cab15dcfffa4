"""A report as one HTML page: templates, filled with what a file holds as text, and nothing loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from ember_infer_core.pictures import Block, arena_picture
from ember_infer_core.version import installed_version
from ember_infer_tools.compare import Comparison
from ember_infer_tools.compare.words import dialect_words, extent, fed, what_is_equal
from ember_infer_tools.inspect import ModelReport
from ember_infer_tools.inspect.findings import Finding
from ember_infer_tools.report import words
from ember_infer_tools.report.compared import CHANNELS
from ember_infer_tools.report.differences import LEVELS
from ember_infer_tools.report.graph import BOX, draw_graph
from ember_infer_tools.report.held import CHART
from ember_infer_tools.report.layers import Layer, layers_of
from ember_infer_tools.report.output import MARK
from ember_infer_tools.report.results import Report

try:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup
except ModuleNotFoundError as _missing:
    _message = f"the page needs {_missing.name}: pip install 'ember-infer[report]'"
    raise ModuleNotFoundError(_message, name=_missing.name) from _missing

__all__ = ["render"]

_SHOWN_FINDINGS = 20
_MOST_KINDS = 30
_MOST_COMPARED = 8
# What is printed: details of so many layers, and a graph that is no taller.
_MOST_ON_PAPER = 20
_MOST_ROWS_ON_PAPER = 20


def render(report: Report) -> str:
    """The page. Its size is bounded, however large the model is; it says what it leaves out."""
    model, comparison = report.model, report.comparison
    layers, marks = layers_of(report)
    environment = _environment()
    style, script = _asset(environment, "report.css"), _asset(environment, "report.js")
    shown = {layer.operator.index for layer in layers}
    environment.globals.update(chart=CHART, channels=CHANNELS, levels=LEVELS, shown=shown)
    macros = environment.get_template("macros.html").module
    return MARK + environment.get_template("page.html").render(
        **{name: macro for name, macro in vars(macros).items() if not name.startswith("_")},
        report=report,
        model=model,
        comparison=comparison,
        layers=layers,
        sections=list(_sections(report)),
        figures=list(_figures(report)),
        timed=list(_timed(report)),
        graph=draw_graph(model, marks),
        width=BOX[0],
        arena=Markup(_arena(model)),
        most_compared=_MOST_COMPARED,
        most_rows_on_paper=_MOST_ROWS_ON_PAPER,
        on_paper=_on_paper(layers),
        findings=list(_findings(model.findings)),
        style=style,
        script=script,
        policy=_policy(style, script),
        version=installed_version() or "from a folder",
        **({} if comparison is None else _in_words(comparison)),
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ember_infer_tools.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        backend=words.backend_name,
        breaks=_breaks,
        bytes=words.byte_count,
        head=words.head,
        number=words.number,
        quant=words.quant_words,
        seconds=words.seconds,
        share=words.share,
        short=words.short,
        tensor=words.tensor_words,
    )
    return environment


def _breaks(name: str) -> Markup:
    """A name that goes on in the next line after one of its own signs, rather than anywhere in a word."""
    return Markup("<wbr>").join(re.split(r"(?<=[/_;:.])(?=[^/_;:.])", name))


def _asset(environment: Environment, name: str) -> Markup:
    """A file of ours, which is no template and goes into the page as it is."""
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, name)
    return Markup(source)


def _policy(style: str, script: str) -> str:
    """What a browser allows the page: the style and the script in it, by their checksums, and nothing else."""

    def checksum(text: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

    rules = ("default-src 'none'", f"style-src {checksum(style)}", f"script-src {checksum(script)}")
    return "; ".join((*rules, "base-uri 'none'", "form-action 'none'"))


def _sections(report: Report) -> Iterator[tuple[str, str]]:
    yield "graph", "Graph"
    if report.comparison is not None:
        yield "differences", "Differences"
    yield "layers", "Layers"
    yield "arena", "Arena"
    yield "quantisation", "Quantisation"
    yield "findings", "Findings"


def _figures(report: Report) -> Iterator[tuple[str, str, str]]:
    """The first thing that somebody wants to know: a term, a number, and its unit."""
    model = report.model
    yield "Arena", words.number(model.arena.length), "bytes"
    yield "Weights", words.number(model.weights_bytes), "bytes"
    if model.state:
        yield "State", words.number(model.state_bytes), "bytes"
    yield "MACs", words.number(model.macs), "" if model.macs_complete else "at least"
    for times in report.times:
        yield "Time", words.seconds(times.whole), f"{words.backend_name(times.backend)}, best round"
    yield "File", words.number(model.file_bytes), "bytes"


def _timed(report: Report) -> Iterator[tuple[str, str]]:
    """What heads each column of times, and whose they are: a backend's name may be wider than the rest of the table."""
    names = [times.backend for times in report.times]
    for label, name in zip("AB" if len(names) > 1 else ("Time",), names, strict=False):
        yield label if label == "Time" else f"Time {label}", name


def _on_paper(layers: Sequence[Layer]) -> set[int]:
    """The operators whose details are printed without being chosen: faulty ones, and the first of the others."""
    ordered = sorted(layers, key=lambda layer: layer.mark not in ("fault", "problem"))
    return {layer.operator.index for layer in ordered[:_MOST_ON_PAPER]}


def _arena(model: ModelReport) -> str:
    arena = model.arena
    written = {tensor: operator.index for operator in model.operators for tensor in operator.outputs}
    blocks = [
        Block(block.name, block.offset, block.size, block.first, block.last, written.get(block.tensor))
        for block in arena.blocks
    ]
    return arena_picture(blocks, len(arena.steps), arena.length, arena.operators)


def _findings(findings: Sequence[Finding]) -> Iterator[tuple[str, str, str, list[Finding], int]]:
    """The first of each kind, warnings before hints."""
    ordered = sorted(findings, key=lambda finding: (finding.level != "warning", finding.check))
    groups = groupby(ordered, key=lambda finding: (finding.level, finding.check))
    for (level, check), group in [(key, list(found)) for key, found in groups][:_MOST_KINDS]:
        yield level, check, group[0].consequence, group[:_SHOWN_FINDINGS], len(group)


def _in_words(comparison: Comparison) -> dict[str, Any]:
    faulty = comparison.first_faulty
    sides = {"a": None if faulty is None else faulty.a, "b": None if faulty is None else faulty.b}
    return {
        "fed": fed(comparison),
        "equal_words": what_is_equal(comparison),
        "faulty_words": {name: "" if side is None else dialect_words(side) for name, side in sides.items()},
        "output_words": [
            f"Output {position} of an ordinary run: {extent(output)}"
            for position, output in enumerate(comparison.outputs[:_MOST_COMPARED])
            if output.different
        ],
    }
