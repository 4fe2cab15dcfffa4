"""What people are told: of builds, and of what is kept by ``ember-infer cache``."""

from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ember_infer_native import cache_entries
from ember_infer_native.cache import LibraryCache
from tests.conftest import REPOSITORY
from tests.native.cache.builders import CONTENT, Builder, refuse


def test_a_build_is_logged(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "ember_infer"):
        LibraryCache(folder).library("key", Builder(), model="digits", target="avx2", compiler="gcc 12.2.0")
        LibraryCache(folder).library("key", refuse)
    (told,) = caplog.messages
    assert re.fullmatch(r"built digits for avx2 with gcc 12\.2\.0 in \d+\.\d s \(9 kB\)", told)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "is_long", "is_told"), [(Terminal, True, True), (Terminal, False, False), (io.StringIO, True, False)]
)
def test_a_long_build_counts_seconds_on_a_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], is_long: bool, is_told: bool
) -> None:
    monkeypatch.setattr(cache_entries, "_REPORT_EVERY_SECONDS", 0.05 if is_long else 60.0)
    stderr = stream()
    monkeypatch.setattr(sys, "stderr", stderr)

    def build(path: Path) -> None:
        time.sleep(0.3)
        path.write_bytes(CONTENT)

    LibraryCache(folder).library("key", build, model="digits")
    told = stderr.getvalue()
    if not is_told:
        assert told == ""
        return
    assert told.startswith("\rbuilding digits ... 0 s")
    assert re.search(r"\rbuilt digits in \d+\.\d s *\n$", told)


def command(folder: Path, *arguments: str) -> str:
    process = subprocess.run(
        [sys.executable, "-m", "ember_infer_tools.cli", "cache", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
        env={**os.environ, "EMBER_CACHE_DIR": str(folder), "COLUMNS": "120"},
    )
    return process.stdout


def test_the_command_shows_and_clears(folder: Path) -> None:
    assert command(folder) == f"nothing is kept in {folder}\n"
    kept = LibraryCache(folder)
    kept.library("a", Builder(), model="digits", target="avx512vnni", compiler="gcc 12.2.0")
    kept.library("b", Builder(b"1" * 2_000_000), model="[bold]vww", target="avx2", compiler="zig 0.17.1")
    shown = command(folder, "show")
    assert re.search(r"digits +avx512vnni +gcc 12\.2\.0 +9 kB +(now|\d+ s) +0\.0 s", shown)
    assert "[bold]vww" in shown
    assert f"2 libraries, 2.0 MB, in {folder}" in shown
    assert command(folder).split()[:3] == shown.split()[:3]
    assert command(folder, "clear") == f"2.0 MB freed in {folder}\n"
    assert kept.entries() == []


def test_help_says_where_and_that_clearing_is_safe() -> None:
    shown = " ".join(command(Path("unused"), "--help").split())
    for words in ("EMBER_CACHE_DIR", "Clearing is always safe", "512 MB"):
        assert words in shown
