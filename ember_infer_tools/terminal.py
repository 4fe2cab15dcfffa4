"""What reaches a terminal: text without what would steer it, and tables that never cut a number."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from rich.box import Box
from rich.cells import cell_len
from rich.console import Console, Group, JustifyMethod
from rich.table import Table
from rich.text import Text

__all__ = ["PLAIN", "Column", "Fitted", "Look", "fitted", "output_console", "printable"]

Fitted: TypeAlias = Table | Group

# Columns of a report that goes to a file or a pipe, where no terminal says how many there are.
_FILE_WIDTH = 200
# A name may be broken into lines of so many columns before the table gives way.
_NAME = 12


def printable(text: str) -> str:
    """Text from a file or of a path, without what would steer a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def output_console() -> Console:
    """Standard output, with colours only in a terminal, and room for whole tables elsewhere."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _FILE_WIDTH
    return console


@dataclass(frozen=True, slots=True)
class Look:
    """Of a table.

    Attributes:
        box: Rich's, whose edges are not shown.
        header: whether the titles are shown.
        header_style: of the titles.
        pad_edge: whether there are blanks before the first column and behind the last one, too.
        before, after: blanks on either side of a column.
    """

    box: Box | None = None
    header: bool = True
    header_style: str = "bold"
    pad_edge: bool = False
    before: int = 1
    after: int = 1

    def between(self, columns: int) -> int:
        """All that is not in columns."""
        blanks = self.before + self.after
        return (blanks + (self.box is not None)) * (columns - 1) + blanks * self.pad_edge


PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        title: above it.
        right: whether its cells, numbers, stand at its right.
        breaks: where a cell may go on in the next line: nowhere, between ``words``, or, as a ``name``, anywhere.
    """

    title: str
    right: bool = False
    breaks: str = ""

    def least(self, cells: Iterable[str]) -> int:
        """Columns that it must have so that nothing is broken that must not be."""
        texts = (self.title, *cells)
        if self.breaks == "words":
            return max(cell_len(word) for text in texts for word in (text.split() or [""]))
        natural = self.natural(cells)
        return min(natural, max(_NAME, cell_len(self.title))) if self.breaks == "name" else natural

    def natural(self, cells: Iterable[str]) -> int:
        """Columns that it would have with room enough."""
        return max(cell_len(line) for text in (self.title, *cells) for line in (text.splitlines() or [""]))


def fitted(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str | Text]],
    width: int,
    *,
    styles: Sequence[str] = (),
    look: Look = PLAIN,
    heading: int = 1,
) -> Fitted:
    """A table where it has room in so many columns, its names and sentences broken if need be; or else a few lines for
    each row, ``title value`` after ``title value``.

    Args:
        columns: from left to right.
        rows: plain text, brackets and all; or text with a style.
        width: columns of the terminal.
        styles: of each row, if they have any.
        look: of the table.
        heading: how many of the first cells say what the row is about.
    """
    cells = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    styled = [*styles, *[""] * (len(cells) - len(styles))]
    shown = columns if look.header else [replace(column, title="") for column in columns]
    widths = _widths(shown, cells, width - look.between(len(columns)))
    if widths is None:
        records = zip(cells, styled, strict=True)
        return Group(*(Text(line, style) for row, style in records for line in _record(columns, row, width, heading)))
    table = Table(
        box=look.box,
        show_edge=False,
        pad_edge=look.pad_edge,
        show_header=look.header,
        header_style=look.header_style,
        padding=(0, look.after, 0, look.before),
    )
    for column, own in zip(columns, widths, strict=True):
        side: JustifyMethod = "right" if column.right else "left"
        table.add_column(Text(column.title), justify=side, width=own, overflow="fold", no_wrap=not column.breaks)
    for row, style in zip(cells, styled, strict=True):
        table.add_row(*row, style=style)
    return table


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Text]], room: int) -> list[int] | None:
    """Of each column, together no more than there is room; None where that breaks what must not be broken."""
    cells = [[row[place].plain for row in rows] for place in range(len(columns))]
    least = [column.least(own) for column, own in zip(columns, cells, strict=True)]
    widths = [column.natural(own) for column, own in zip(columns, cells, strict=True)]
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max((place for place in range(len(widths)) if widths[place] > least[place]), key=widths.__getitem__)
        widths[widest] -= 1
    return widths


def _record(columns: Sequence[Column], row: Sequence[Text], width: int, heading: int) -> Iterator[str]:
    """A row as lines: its first cells, and below it what the others hold, as many in a line as there is room for."""
    texts = [" ".join(cell.plain.split()) for cell in row]
    yield " ".join(filter(None, texts[:heading]))
    line = ""
    for column, text in zip(columns[heading:], texts[heading:], strict=True):
        if not text:
            continue
        value = f"{column.title} {text}".strip()
        if line and cell_len(f"  {line}, {value}") > width:
            yield f"  {line}"
            line = ""
        line = f"{line}, {value}" if line else value
    if line:
        yield f"  {line}"
