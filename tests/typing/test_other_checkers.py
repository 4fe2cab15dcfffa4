"""pyright, ty and pyrefly have no plugins: what they make of the same classes, with a stub and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.typing.checkers import OTHERS, expected
from tests.typing.conftest import PORTABLE


@pytest.mark.parametrize("checker", OTHERS)
def test_every_error_is_announced_and_every_announced_error_is_found(checker: str, portable: Path) -> None:
    check, tag = OTHERS[checker]
    findings, output = check(portable)
    wanted = expected(portable, [*PORTABLE, "runtimes.py"], tag)
    assert len(wanted) > 20
    assert findings == wanted, output
