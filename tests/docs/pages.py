"""The documentation's blocks of code, and what it takes to run them as they stand.

All blocks of a page are run in their order, in one namespace and one folder, as by somebody who follows the page:

- Python: a statement under ``# error: ...`` must fail; what ``print(...)  # 1.0: why`` prints must be the comment up to
  the colon; a ``text`` block behind it is all that it prints. A block that begins with ``# mine.py`` becomes that file
  too. An indented block is a part of a class.
- sh: see :mod:`tests.docs.commands`.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import textwrap
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY

__all__ = ["PAGES", "Block", "blocks", "run_python"]

PAGES = (
    *sorted((REPOSITORY / "docs").glob("*.md")),
    *sorted((REPOSITORY / "models").glob("*.md")),
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "ember_esp/README.md")),
)
_FENCED = re.compile(r"^( *)```([a-z]*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One block of a page.

    Attributes:
        page: its file.
        line: of the page, on which the content begins.
        kind: ``python``, ``sh``, ``toml``, ``text``, or nothing.
        content: without the fence, and without the indentation of the list that it stands in.
    """

    page: Path
    line: int
    kind: str
    content: str


def blocks(page: Path) -> list[Block]:
    """All blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, match.start()) + 2, match[2], re.sub(f"(?m)^{match[1]}", "", match[3]))
        for match in _FENCED.finditer(text)
    ]


def run_python(block: Block, names: dict[str, Any]) -> str:
    """Runs a block; tracebacks name the page and its lines.

    Returns:
        all that it printed.
    """
    source = _in_a_class(block.content)
    first = re.match(r"# (\w+\.py)\n", source)
    if first:
        Path(first[1]).write_text(source, encoding="utf-8")
    tree = ast.parse(source)
    comments = dict(_comments(source))
    printed = io.StringIO()
    lines = source.splitlines()
    for statement in tree.body:
        prints = lines[statement.lineno - 1].startswith("print(")
        said = comments.get(statement.end_lineno or 0, "")
        alone = ast.increment_lineno(ast.Module([statement], []), block.line - 1)
        code = compile(alone, str(block.page), "exec", dont_inherit=True)
        if said.startswith("error"):
            with pytest.raises((TypeError, ValueError)):
                exec(code, names)
            continue
        own = io.StringIO()
        with contextlib.redirect_stdout(own):
            exec(code, names)
        printed.write(own.getvalue())
        if said and prints:
            assert own.getvalue().strip() == said.partition(": ")[0], f"{block.page.name} shows another answer"
    return printed.getvalue()


def _in_a_class(content: str) -> str:
    """A part of a class, or of a method, inside of one."""
    depth = len(content) - len(content.lstrip(" "))
    around = ["class Part:", "    def part(self, params):"][: depth // 4]
    return "\n".join([*around, content]) if around else content


def _comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(textwrap.dedent(source)).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# ")
