"""What builds a library for the cache, or must not, here and in other processes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY

CONTENT = b"a library" * 1000
DIGEST = re.compile(r"[0-9a-f]{32}")
ONE_PROCESS = """
import sys, time
from pathlib import Path
from ember_infer_native.cache import LibraryCache

def build(path):
    with open(sys.argv[2], "a") as log:
        log.write("built\\n")
    time.sleep(0.5)
    path.write_bytes(b"a library" * 1000)

print(LibraryCache(Path(sys.argv[1])).library("key", build))
"""


class Builder:
    """Builds, and counts how often."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.count = 0

    def __call__(self, path: Path) -> None:
        self.count += 1
        path.write_bytes(self.content)


def refuse(path: Path) -> None:
    raise AssertionError(f"{path} was to be found, not built")


def names(folder: Path) -> list[str]:
    return sorted(DIGEST.sub("#", path.name) for path in folder.iterdir())


def run(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
