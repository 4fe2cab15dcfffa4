"""``ember-infer report`` on the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ember_infer_tools.report.output import MARK
from tests.conftest import REPOSITORY
from tests.tools.test_command_line import CLI, SINE, run


def test_the_page_is_written_once(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    done = run(CLI, "report", SINE, "-o", str(page))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{page}: open it in a browser\n"
    assert page.read_text(encoding="utf-8").startswith(MARK)
    again = run(CLI, "report", SINE, "-o", str(page))
    assert again.returncode == 2
    assert again.stderr == f"error: {page}: it is a report already: --force (force=True) replaces it\n"


def without_jinja(folder: Path) -> str:
    """Where Python finds all that it finds here, and no Jinja2."""
    (folder / "jinja2.py").write_text("raise ModuleNotFoundError(\"No module named 'jinja2'\", name='jinja2')\n")
    return os.pathsep.join([str(folder), str(REPOSITORY), *filter(None, sys.path)])


def test_without_jinja_one_line_says_what_to_install(tmp_path: Path) -> None:
    path = without_jinja(tmp_path)
    refused = run(CLI, "report", SINE, "-o", "report.html", cwd=tmp_path, PYTHONPATH=path)
    assert refused.returncode == 2
    assert refused.stderr == "error: the page needs jinja2: pip install 'ember-infer[report]'\n"
    assert not (tmp_path / "report.html").exists()


def test_without_jinja_python_says_it_too(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from ember_infer_tools.report.page import render\n")
    refused = run("mine", cwd=tmp_path, PYTHONPATH=without_jinja(tmp_path))
    assert refused.stderr.endswith("\nModuleNotFoundError: the page needs jinja2: pip install 'ember-infer[report]'\n")
