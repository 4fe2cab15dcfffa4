"""A comparison for people: a table of layers, and the first that differs in detail."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from ember_infer_tools.compare.comparison import Comparison, LayerComparison
from ember_infer_tools.compare.words import (
    counts,
    dialect_words,
    element_words,
    extent,
    fed,
    histogram_rows,
    one_of,
    unit,
    what_is_equal,
)
from ember_infer_tools.terminal import Column, Fitted, fitted, printable

__all__ = ["print_comparison"]

_BAR = 30


def print_comparison(found: Comparison, console: Console) -> None:
    """Prints all that a person wants to know first."""

    def say(text: str = "") -> None:
        console.print(text, soft_wrap=True, highlight=False)

    samples = f"{found.samples} {unit(found)}{'' if found.samples == 1 else 's'} ({found.inputs})"
    say(f"[bold]{escape(printable(found.model))}[/bold], {samples}")
    for side, name in (("A", found.a), ("B", found.b)):
        say(f"  {side}  {escape(printable(name))}")
    for note in found.notes:
        say(f"  note: {escape(printable(note))}")
    say()
    if found.equal:
        say(f"[green]equal[/green]: {what_is_equal(found)}")
        return
    console.print(_table(found, console.width))
    say()
    for line in _lines(found):
        say(line)


def _table(found: Comparison, width: int) -> Fitted:
    """Both modes side by side: a kernel's own fault on the left, what has grown so far on the right."""
    modes = ["end to end"] if found.fed_by is None else ["same input", "end to end"]
    columns = [Column("layer", breaks="name"), Column("operator", breaks="name"), Column("elements", right=True)]
    for mode in modes:
        columns += [Column(mode, right=True), Column("by", right=True)]
    alone_too: list[LayerComparison | None] = [*found.layer_by_layer] or [None] * len(found.end_to_end)
    rows, styles = [], []
    for alone, growing in zip(alone_too, found.end_to_end, strict=True):
        difference = growing.difference or (alone and alone.difference)
        cells = [growing.layer, growing.operator, f"{difference.elements:,}" if difference else "-"]
        for layer in (alone, growing):
            if layer is not None:
                cells += counts(layer.difference)
        rows.append(cells)
        styles.append("red" if alone is not None and alone.differs else "")
    return fitted(columns, rows, width, styles=styles)


def _lines(found: Comparison) -> Iterator[str]:
    faulty, different = found.first_faulty, found.first_different
    if faulty is not None:
        owner = {"a": "A", "b": "B"}[found.fed_by or "a"]
        place = escape(faulty.layer) + _in_step(found, faulty)
        yield f"[bold]First layer that differs on {fed(found)} (that of {owner}): {place}[/bold]"
        yield from _layer_lines(faulty, unit(found))
        yield from _dialect_lines(found, faulty)
    elif found.fed_by is not None:
        yield f"Every layer gives the same for {fed(found)}."
    if different is not None:
        if faulty is not None:
            yield ""
        yield f"[bold]First layer that differs end to end: {escape(different.layer)}{_in_step(found, different)}[/bold]"
        if faulty is None or faulty.layer != different.layer:
            yield from _layer_lines(different, unit(found))
        last = [layer for layer in found.end_to_end if layer.difference is not None][-1]
        if last is not different and last.difference is not None:
            left = extent(last.difference) if last.differs else "all elements are equal again"
            yield f"  at the last, {escape(last.layer)}: {left}"
    for position, output in enumerate(found.outputs):
        if output.different:
            yield f"Output {position} of an ordinary run: {extent(output)}"


def _in_step(found: Comparison, layer: LayerComparison) -> str:
    return f", in step {layer.first_sample}" if found.is_stateful else ""


def _layer_lines(layer: LayerComparison, each: str) -> Iterator[str]:
    difference = layer.difference
    assert difference is not None
    assert difference.first is not None
    assert difference.worst is not None
    tensor = f"{difference.dtype}{list(layer.shape)}".replace("[", "\\[")
    yield f"  operator {layer.index}, {layer.operator}, writes tensor {layer.tensor}, {tensor}"
    yield f"  {extent(difference)}"
    yield f"  first:   {element_words(difference.first, each)}"
    yield f"  largest: {element_words(difference.worst, each)}"
    bins = histogram_rows(difference)
    width = max(len("B - A"), *(len(label) for label, _ in bins))
    most = max(count for _, count in bins)
    yield f"  {'B - A':>{width}}   elements"
    for label, count in bins:
        yield f"  {label:>{width}} {count:>10,}  {'█' * max(1, round(_BAR * count / most))}"


def _dialect_lines(found: Comparison, layer: LayerComparison) -> Iterator[str]:
    for name, side, explained in (("A", "a", layer.a), ("B", "b", layer.b)):
        if explained is None:
            yield f"  dialects are known of convolutions and fully connected layers, not of {layer.operator}"
            return
        yield f"  {name}: {dialect_words(explained, _bold)}"
        overall = found.dialects(side)
        if overall and overall != explained.exact:
            yield f"     in all layers that differ: {one_of(overall, _bold)}"


def _bold(name: str) -> str:
    return f"[bold]{name}[/bold]"
