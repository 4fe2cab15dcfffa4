"""What notebooks show of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_core.notebook import SHOWN, html_table
from ember_infer_tools.compare.words import counts, dialect_words, fed, what_is_equal

if TYPE_CHECKING:
    from ember_infer_tools.compare.comparison import Comparison, SideDialect

__all__ = ["comparison_html"]


def comparison_html(found: Comparison) -> str:
    """A table of the layers: of very many, those that differ."""
    if found.equal:
        caption = f"equal: {what_is_equal(found)}"
    elif found.first_faulty is not None:
        caption = f"first layer that differs on {fed(found)}: {found.first_faulty.layer}"
    else:
        caption = "different"
        if found.first_different is not None:
            caption = f"first layer that differs end to end: {found.first_different.layer}"
    alone = {layer.tensor: layer for layer in found.layer_by_layer}
    rows = []
    for growing in found.end_to_end:
        fed_alone = alone.get(growing.tensor)
        if len(found.end_to_end) > SHOWN and not growing.differs and not (fed_alone and fed_alone.differs):
            continue
        explained = ("", "") if fed_alone is None else (_words(fed_alone.a), _words(fed_alone.b))
        cells = ("", "") if fed_alone is None else counts(fed_alone.difference)
        rows.append((growing.layer, growing.operator, *cells, *counts(growing.difference), *explained))
    headings = ("layer", "operator", "same input", "by", "end to end", "by", f"A: {found.a}", f"B: {found.b}")
    return html_table(f"{found.model}: {caption}", headings, rows, len(rows))


def _words(explained: SideDialect | None) -> str:
    return "" if explained is None else dialect_words(explained)
