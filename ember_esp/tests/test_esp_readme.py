"""The README knows every fault. What its examples print, ``tests/docs`` looks at."""

from __future__ import annotations

import re

from ember_esp import FAULTS
from tests.conftest import REPOSITORY

README = (REPOSITORY / "ember_esp" / "README.md").read_text()


def test_every_fault_is_in_the_table() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|[^|]*\|[^|]*\|([^|]*)\|$", README, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(FAULTS)
    for name, upstream in rows:
        issue = re.search(r"issue \d+", FAULTS[name].upstream)
        assert (issue.group() in upstream) if issue else not upstream.strip()
