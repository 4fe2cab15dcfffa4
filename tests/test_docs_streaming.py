"""What ``docs/streaming.md`` shows runs as it stands, and gives what its comments say."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, skip_or_fail

BLOCKS = re.findall(r"^```python\n(.*?)^```", (REPOSITORY / "docs/streaming.md").read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module", autouse=True)
def wake_words() -> None:
    if importlib.util.find_spec("pymicro_wakeword") is None:
        skip_or_fail("pymicro-wakeword is not installed: pip install 'ember-infer[wake-word]'")


def test_all_of_it_in_one_file(tmp_path: Path) -> None:
    script = tmp_path / "streaming.py"
    check = """
assert heard.shape == (1, 1)
whole = WakeWord.predict_sequence(RefBackend(), steps)
assert (there.output == whole[-1]).all()
"""
    script.write_text("\n".join(BLOCKS) + check)
    result = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.stderr == ""
    said = [match for block in BLOCKS for match in re.findall(r"^print\(.*?\)  # ([^:\n]+)", block, re.MULTILINE)]
    assert result.stdout.splitlines() == said
    assert len(said) == 3
