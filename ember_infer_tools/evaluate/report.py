"""An evaluation for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from ember_infer_tools.evaluate.results import Evaluation, Pair, SideFigures
from ember_infer_tools.evaluate.sums import Named
from ember_infer_tools.terminal import Column, Fitted, fitted, printable

__all__ = ["print_evaluation"]

_CONFUSION = "confusion"
_LISTED = 10


def print_evaluation(found: Evaluation, console: Console) -> None:
    """Prints everything but what ``--json`` lists at length."""

    def say(text: str = "") -> None:
        console.print(text, soft_wrap=True, highlight=False)

    skipped = f", {found.skipped:,} bad and left out" if found.skipped else ""
    resumed = f", {found.resumed:,} of them by an earlier run" if found.resumed else ""
    say(f"[bold]{escape(printable(found.model))}[/bold], {found.samples:,} samples{skipped}{resumed}")
    for bad in found.bad[:_LISTED]:
        say(f"  bad: {escape(printable(str(bad)))}")
    names = [name for name in found.sides[0].metrics if name != _CONFUSION]
    if names:
        say()
        console.print(_metrics(found.sides, names, console.width))
    if any(not side.auc_exact for side in found.sides):
        say("auc: of more different scores than are kept; neighbours were counted as one")
    if found.pairs:
        say()
        console.print(_pairs(found.pairs, console.width))
    for pair in found.pairs:
        for what, samples, count in (
            ("decided otherwise", pair.deciding, pair.decisions_differ or 0),
            ("other outputs", pair.differing, pair.samples_differ),
        ):
            if samples:
                say(f"{escape(_title(pair))}: {what}: {escape(_listed(samples, count))}")
    for side in found.sides:
        if _CONFUSION in side.metrics:
            say()
            say(f"{escape(printable(side.name))}: a row for each class, a column for each decision")
            console.print(_confusion(side.metrics[_CONFUSION], console.width))


def _metrics(sides: Sequence[SideFigures], names: Sequence[str], width: int) -> Fitted:
    columns = [Column("", breaks="name"), *(Column(name, right=True) for name in names)]
    rows = [[printable(side.name), *(_figure(name, side.metrics[name]) for name in names)] for side in sides]
    return fitted(columns, rows, width)


def _figure(name: str, value: float) -> str:
    return f"{value:.6g}" if name in ("mae", "auc") else f"{value:.2%}"


def _title(pair: Pair) -> str:
    return printable(f"{pair.a}, {pair.b}")


def _pairs(pairs: Sequence[Pair], width: int) -> Fitted:
    titles = ("decisions", "samples", "elements", "of", "largest", "at sample")
    columns = [Column("differing", breaks="name"), *(Column(title, right=True) for title in titles)]
    rows: list[list[str | Text]] = [
        [
            _title(pair),
            "" if pair.decisions_differ is None else f"{pair.decisions_differ:,}",
            f"{pair.samples_differ:,}",
            f"{pair.elements_differ:,}",
            f"{pair.elements:,}",
            f"{pair.largest:.6g}",
            "" if pair.largest_at is None else str(pair.largest_at),
        ]
        for pair in pairs
    ]
    return fitted(columns, rows, width)


def _listed(samples: Sequence[Named], count: int) -> str:
    shown = ", ".join(f"{number} ({printable(name)})" if name else str(number) for number, name in samples[:_LISTED])
    return f"{shown}, and {count - _LISTED:,} more" if count > _LISTED else shown


def _confusion(matrix: Sequence[Sequence[Any]], width: int) -> Fitted:
    columns = [Column("", right=True), *(Column(str(index), right=True) for index in range(len(matrix)))]
    rows = [[str(index), *(f"{count:,}" if count else "." for count in row)] for index, row in enumerate(matrix)]
    return fitted(columns, rows, width)
