"""What a page of HTML loads, where it leads, and what can be led to in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from typing_extensions import override

__all__ = ["Html", "broken_links", "loads_from_elsewhere"]

_LOADS = {"src", "srcset", "poster", "data", "background"}
_IN_CSS = re.compile(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""")


class Html(HTMLParser):
    """A page that was read.

    Attributes:
        loads: addresses that a browser asks for by itself.
        links: addresses for people.
        ids: places in the page.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: set[str] = set()
        self.links: set[str] = set()
        self.ids: set[str] = set()
        self._in_style = False
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for name, value in attrs:
            if name in _LOADS or (tag, name) == ("link", "href"):
                self.loads |= {part.split()[0] for part in (value or "").split(",") if part.strip()}
            elif name == "href":
                self.links.add(value or "")
            elif name == "id":
                self.ids.add(value or "")
            elif name == "style":
                self.loads |= in_css(value or "")

    @override
    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    @override
    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.loads |= in_css(data)


def in_css(text: str) -> set[str]:
    """Addresses that a style sheet loads."""
    return {one or other for one, other in _IN_CSS.findall(text)}


def loads_from_elsewhere(site: Path) -> set[tuple[str, str]]:
    """Of each file of a site what it loads by an address with a host."""
    loads = {path: Html(path.read_text(encoding="utf-8")).loads for path in site.rglob("*.html")}
    loads |= {path: in_css(path.read_text(encoding="utf-8")) for path in site.rglob("*.css")}
    return {
        (path.name, address) for path, all_of_it in loads.items() for address in all_of_it if urlsplit(address).netloc
    }


def broken_links(site: Path) -> set[tuple[str, str]]:
    """Of each page what it loads or leads to within the site, and is not there."""
    pages = {path: Html(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    broken = set()
    for path, page in pages.items():
        for address in page.loads | page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment)
            if not target.is_file() or (place and target in pages and place not in pages[target].ids):
                broken.add((str(path.relative_to(site)), address))
    return broken
