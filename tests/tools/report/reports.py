"""Models and pages that the tests of ``ember_infer_tools.report`` share."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from itertools import pairwise

from typing_extensions import override

from ember_infer_tools.report import make_report
from ember_infer_tools.report.page import render
from ember_infer_tools.tflite_writer import ModelWriter

# Markup, the end of a script, a line's end in JavaScript, a handler, a template's own signs, a sign from right to left.
HOSTILE = "</script><img src=x onerror=alert(1)>\u2028\"'{{ 7*7 }}\u202e&amp;"


def chain(names: Sequence[str]) -> bytes:
    """A model of ABS after ABS, whose tensors have these names."""
    writer = ModelWriter()
    tensors = [writer.tensor(name, (2, 3), scale=0.5) for name in names]
    for before, after in pairwise(tensors):
        writer.operator("ABS", [before], [after])
    return writer.finish(tensors[:1], tensors[-1:])


def page_of(model: bytes) -> str:
    return render(make_report(model))


class Page(HTMLParser):
    """What a page consists of: each element's attributes by its name, and all text that is read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "link", "img", "br", "wbr"):
            self.open.append(tag)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> ends nothing"
        assert self.open[-1] == tag, f"<{self.open[-1]}> ends with </{tag}>"
        self.open.pop()

    @override
    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [str(attributes[attribute]) for _, attributes in self.elements if attribute in attributes]
