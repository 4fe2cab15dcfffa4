"""The order of the site's pages is that of docs/README.md, where it is written once, for people and for Sphinx."""

from __future__ import annotations

import posixpath
import re

__all__ = ["sections", "toctree"]

_HEADING = re.compile(r"## (.+)")
_ENTRY = re.compile(r"- \[[^\]]*\]\(([^)#]+\.md)\)")


def sections(index: str) -> dict[str, list[str]]:
    """The pages that each section of docs/README.md lists, as Sphinx names them: paths from the root, no suffix."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in index.splitlines():
        if title := _HEADING.match(line):
            heading = title[1]
        elif entry := _ENTRY.match(line):
            page = posixpath.normpath(posixpath.join("docs", entry[1]))
            found.setdefault(heading, []).append(page.removesuffix(".md"))
    return found


def toctree(caption: str, pages: list[str]) -> str:
    """A part of the site's sidebar, in Markdown as MyST reads it; nothing of it shows on the page that it stands in."""
    named = [f":caption: {caption}"] if caption else []
    return "\n".join(["", "```{toctree}", ":hidden:", *named, "", *pages, "```", ""])
