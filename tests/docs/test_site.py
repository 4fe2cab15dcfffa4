"""The documentation as a site: every page has its place, every link leads somewhere, nothing needs a network."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from docs.site.contents import sections, toctree
from tests.conftest import REPOSITORY, skip_or_fail
from tests.docs.pages import PAGES
from tests.docs.site import Html, broken_links, loads_from_elsewhere
from tests.support.effort import left_to_ci


def test_the_index_lists_every_page_once() -> None:
    index = REPOSITORY / "docs" / "README.md"
    listed = [page for pages in sections(index.read_text(encoding="utf-8")).values() for page in pages]
    above = {index, REPOSITORY / "README.md"}
    there = {str(page.relative_to(REPOSITORY).with_suffix("")) for page in PAGES if page not in above}
    assert sorted(listed) == sorted({*there, "CHANGELOG"})


def test_pages_have_titles_that_tell_them_apart() -> None:
    """In the sidebar and among what a search has found there is nothing else."""
    pages = [*PAGES, *(REPOSITORY / "docs" / "site").glob("*.rst")]
    titles = [page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") for page in pages]
    assert len(set(titles)) == len(titles)
    assert not [title for title in titles if title.endswith(".tflite") and " " not in title]


def test_a_section_of_the_index_is_a_part_of_the_sidebar() -> None:
    found = sections(
        "## Using it\n\n- [One](one.md): why\n- [Other](../other/README.md)\n\nText with [a link](no.md).\n"
    )
    assert found == {"Using it": ["docs/one", "other/README"]}
    assert toctree("Using it", ["docs/one"]) == "\n```{toctree}\n:hidden:\n:caption: Using it\n\ndocs/one\n```\n"


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/css">',
        '<img src="there.png" srcset="there.png 1x, https://example.org/b.png 2x">',
        '<p style="background: url(https://example.org/c.png)">',
        "<style>@import 'https://example.org/d.css';</style>",
    ],
)
def test_what_is_loaded_from_a_network_is_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(text + '<a href="https://example.org/for-people">')
    ((page, address),) = loads_from_elsewhere(tmp_path)
    assert page == "page.html"
    assert "example" in address
    assert "for-people" not in address


def test_links_to_pages_and_places_that_are_not_there_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a id="x" href="b.html#y"><a href="#x"><a href="b.html"><a href="c.html">')
    (tmp_path / "b.html").write_text('<img src="d.png"><a href="a.html#x"><a href="https://example.org">')
    assert broken_links(tmp_path) == {("a.html", "b.html#y"), ("a.html", "c.html"), ("b.html", "d.png")}


@left_to_ci
def test_the_site_is_whole_and_needs_no_network(tmp_path: Path) -> None:
    for module in ("sphinx", "myst_parser", "furo"):
        if importlib.util.find_spec(module) is None:
            skip_or_fail(f"{module} is not installed: pip install '.[docs]'")
    site, environment = tmp_path / "site", sys.prefix
    command = ["make", f"--old-file={environment}/.docs", f"VENV={environment}", f"SITE={site}", "docs"]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert loads_from_elsewhere(site) == set()
    assert broken_links(site) == set()
    assert "README.html" in Html((site / "index.html").read_text(encoding="utf-8")).links
    core = Html((site / "docs" / "site" / "ember_infer.html").read_text(encoding="utf-8"))
    assert "ember_infer_core.KernelBackend.conv2d" in core.ids
