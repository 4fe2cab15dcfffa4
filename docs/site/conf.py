"""Sphinx's configuration: ``make docs`` builds the site with it.

The source folder is the repository itself, so that a link from one page to another, or to a file, is the same relative
path on a code host and on the site. Pages of the site alone are the ``.rst`` files beside this one.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "ember_esp" / "src")]

from docs.site.contents import sections, toctree  # noqa: E402

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "Ember Infer"
copyright = "2026 The Ember Infer authors. Apache License 2.0 or MIT, as you like"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "docs/site/*.rst", "ember_esp/README.md", "models/*.md"]
exclude_patterns = [".*", "build", "dist"]

html_theme = "furo"
html_title = "Ember Infer"
html_extra_path = ["extra"]  # index.html, which leads to the front page: that is README.html
html_static_path = ["static"]
html_css_files = ["wide.css"]
html_copy_source = False

highlight_language = "none"  # a block that names no language is what a program printed
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_use_ivar = True  # an attribute may be in the docstring's list and be a property, too

# What `ember-infer report` is asked for: the file, and the command's arguments.
REPORTS = {"digits.html": ["models/digits.tflite", "--a", "ref", "--b", "ref,rounding=float", "--samples", "64"]}
# Where names of the package `ember_infer` are at home.
HOMES = ["core", "ref", "native", "firmware", "macros"]


def add_sidebar(app: Sphinx, docname: str, source: list[str]) -> None:
    """The front page's hidden tables of contents, which become the sidebar."""
    if docname != root_doc:
        return
    listed = sections((REPOSITORY / "docs" / "README.md").read_text(encoding="utf-8"))
    listed["Reference"] = ["docs/site/ember_infer", "docs/site/ember_esp", "docs/site/reports"]
    source[0] += toctree("", ["docs/README"]) + "".join(toctree(*part) for part in listed.items())


def list_short_names(app: Sphinx, what: str, name: str, item: Any, options: Any, lines: list[str]) -> None:
    """Where the names of ``ember_infer`` are explained, which has none of its own."""
    if name != "ember_infer":
        return
    for short in item.__all__:
        homes = (home for home in HOMES if short in importlib.import_module(f"ember_infer_{home}").__all__)
        lines.append(f"- :py:obj:`~ember_infer_{next(homes)}.{short}`")


def resolve_as_imported(app: Sphinx, env: BuildEnvironment, node: Element, shown: Element) -> Element | None:
    """A name that its package does not have, as it stands in the module that imports it.

    A type in a signature may be NumPy's, or an alias without a page: no link, and no warning. What somebody wrote as a
    reference has to lead somewhere; only a role sets ``refwarn``.
    """
    if "refwarn" not in node:
        return shown
    node["refspecific"] = True  # looks for the name in every module
    python, builder = env.domains.python_domain, app.builder
    kind, target = node["reftype"], node["reftarget"]
    return python.resolve_xref(env, node["refdoc"], builder, kind, target, node, shown)


def write_reports(app: Sphinx) -> None:
    """The examples of reports, by the command that people use."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    for name, arguments in REPORTS.items():
        (folder / name).unlink(missing_ok=True)
        command = [sys.executable, "-m", "ember_infer_tools.cli", "report", *arguments, "-o", str(folder / name)]
        subprocess.run(command, cwd=REPOSITORY, check=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Registers the above."""
    app.connect("source-read", add_sidebar)
    app.connect("autodoc-process-docstring", list_short_names)
    app.connect("missing-reference", resolve_as_imported)
    app.connect("builder-inited", write_reports)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
