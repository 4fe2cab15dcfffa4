"""The README's examples give the output that it shows."""

from __future__ import annotations

import contextlib
import io
import re

import pytest

from ember_esp import FAULTS
from tests.conftest import REPOSITORY

README = (REPOSITORY / "ember_esp" / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("code", "shown"), EXAMPLES, ids=["first steps", "skip nudge"])
def test_an_example_prints_what_is_shown(code: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "example.py", "exec"), {"__name__": "example"})
    assert printed.getvalue() == shown


def test_every_fault_is_in_the_table() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|[^|]*\|[^|]*\|([^|]*)\|$", README, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(FAULTS)
    for name, upstream in rows:
        issue = re.search(r"issue \d+", FAULTS[name].upstream)
        assert (issue.group() in upstream) if issue else not upstream.strip()
