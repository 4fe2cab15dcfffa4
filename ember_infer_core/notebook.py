"""What notebooks show of an object: a small HTML table, however large the object is."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from itertools import islice

__all__ = ["NO_MATHS", "SHOWN", "html_table", "shown_shapes"]

# Rows of a table: of more the first ones.
SHOWN = 40
# Notebooks read $...$ in what they show as formulas, but not below these: names are text.
NO_MATHS = "tex2jax_ignore mathjax_ignore"
_CELL = 60
_SHAPES = 6


def html_table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[str]], count: int) -> str:
    """A table of the first of ``count`` rows; names from a model file are text there, and not markup."""
    shown = ["".join(f"<td>{_cell(cell)}</td>" for cell in row) for row in islice(rows, SHOWN)]
    if count > SHOWN:
        shown.append(f'<td colspan="{len(headings)}">and {count - SHOWN} more</td>')
    head = "".join(f"<th>{_cell(heading)}</th>" for heading in headings)
    body = "".join(f"<tr>{row}</tr>" for row in shown)
    return f'<table class="{NO_MATHS}"><caption>{_cell(caption, 200)}</caption><tr>{head}</tr>{body}</table>'


def _cell(text: str, length: int = _CELL) -> str:
    text = "".join(character if character.isprintable() else "?" for character in text[: length + 1])
    return html.escape(text if len(text) <= length else f"{text[: length - 1]}…")


def shown_shapes(shapes: Sequence[tuple[int, ...]]) -> str:
    """Shapes in words, the first of many."""
    more = len(shapes) - _SHAPES
    return ", ".join(map(str, shapes[:_SHAPES])) + (f" and {more} more" if more > 0 else "")
