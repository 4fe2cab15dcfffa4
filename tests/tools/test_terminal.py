"""Reports in narrow terminals: every number that a wide one shows is there, whole."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from ember_infer_ref import RefBackend
from ember_infer_tools.bench import bench
from ember_infer_tools.bench.report import print_bench
from ember_infer_tools.build_command import print_built
from ember_infer_tools.compare import compare
from ember_infer_tools.compare.report import print_comparison
from ember_infer_tools.inspect import inspect_model
from ember_infer_tools.inspect.report import render
from ember_infer_tools.terminal import Column, fitted, printable
from tests.conftest import REPOSITORY
from tests.tools.test_command_line import CLI, SINE, run

WIDE = 120
NARROW = [100, 80, 66, 60, 40]
DIGITS = REPOSITORY / "models" / "digits.tflite"


def printed(show: Callable[[Console], object], width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    show(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def numbers(text: str) -> Counter[str]:
    """Of shapes, too: ``1x8x8x16`` is one."""
    return Counter(re.findall(r"(?<![\w.,…-])-?\d[\dx]*(?:[.,]\d+)*(?:e[+-]\d+)?(?![\w…])", text))


def without_picture(text: str) -> str:
    """A report without the arena, whose picture is as wide as the terminal; and without what stands below it."""
    return text.partition("\nArena")[0]


@pytest.fixture(scope="module")
def reports() -> dict[str, Callable[[Console], object]]:
    """By command, what prints a report that was made once."""
    different = compare(DIGITS, RefBackend(), RefBackend(rounding="float"), samples=50)
    timed = bench(DIGITS, {"RefBackend": RefBackend()}, turns=1, per_layer=True)
    inspected = inspect_model(DIGITS)

    def show_inspected(console: Console) -> None:
        for section in render(inspected, width=console.width, all_tensors=True):
            console.print(section)

    return {
        "compare": lambda console: print_comparison(different, console),
        "bench": lambda console: print_bench(timed, console),
        "inspect": show_inspected,
    }


@pytest.mark.parametrize("width", NARROW)
@pytest.mark.parametrize("command", ["compare", "bench", "inspect"])
def test_no_number_is_cut(reports: dict[str, Callable[[Console], object]], command: str, width: int) -> None:
    wide, narrow = (without_picture(printed(reports[command], columns)) for columns in (WIDE, width))
    assert sum(numbers(wide).values()) > 40
    assert not numbers(wide) - numbers(narrow)
    assert re.search(r"\d[,.]?…", narrow) is None


@pytest.mark.parametrize("width", NARROW)
def test_nothing_of_a_table_is_beyond_the_terminal(reports: dict[str, Callable[[Console], object]], width: int) -> None:
    assert max(map(len, printed(reports["inspect"], width).splitlines())) <= width


@pytest.mark.parametrize("width", NARROW)
def test_operators_are_named_in_any_width(reports: dict[str, Callable[[Console], object]], width: int) -> None:
    text = " ".join(printed(reports["inspect"], width).split())
    assert text.count("DEPTHWISE_CONV_2D") == 2


@dataclass(frozen=True)
class Entry:
    """What ``build`` tells of a library."""

    model: str = "keyword_spotting_for_the_kitchen"
    target: str = "avx512vnni"
    machine: str = "linux-x86_64"
    compiler: str = "gcc (Debian 12.2.0-14) 12.2.0"
    size: int = 1_234_567


@dataclass(frozen=True)
class Built:
    entry: Entry = Entry()
    seconds: float = 12.3


@pytest.mark.parametrize("width", NARROW)
def test_build_and_cache_cut_no_number(width: int, tmp_path: Path) -> None:
    built: Any = [Built()]
    text = printed(lambda console: print_built(built, tmp_path, console), width)
    assert "1235 kB" in text
    assert "12.3 s" in text


def test_the_cache_is_listed_in_forty_columns(tmp_path: Path) -> None:
    run(CLI, "bench", SINE, "-b", "native", "--against", "none", "--turns", "1", EMBER_CACHE_DIR=str(tmp_path))
    shown = run(CLI, "cache", EMBER_CACHE_DIR=str(tmp_path), COLUMNS="40").stdout
    assert re.search(r"size \d+ kB", shown), shown
    assert re.search(r"build \d+\.\d s", shown), shown


# Tables


COLUMNS = [Column("layer", breaks="name"), Column("elements", right=True), Column("remark", breaks="words")]
ROW = ["a_layer_with_quite_a_long_name", "372,736", "nothing to be said"]


FITTED = {
    60: """\
layer                           elements  remark
a_layer_with_quite_a_long_name   372,736  nothing to be said""",
    40: """\
layer           elements  remark
a_layer_with_q   372,736  nothing to be
uite_a_long_na            said
me""",
    28: """\
a_layer_with_quite_a_long_na
me
  elements 372,736
  remark nothing to be said""",
}


@pytest.mark.parametrize("width", FITTED)
def test_names_and_sentences_give_way_and_then_the_table(width: int) -> None:
    shown = printed(lambda console: console.print(fitted(COLUMNS, [ROW], width)), width)
    assert "\n".join(line.rstrip() for line in shown.splitlines()) == FITTED[width]


def test_brackets_in_a_name_are_no_markup() -> None:
    shown = printed(lambda console: console.print(fitted(COLUMNS, [["[bold]x[/bold]", "1", Text("y")]], 60)), 60)
    assert "[bold]x[/bold]" in shown


def test_an_empty_table_is_its_titles() -> None:
    assert "elements" in printed(lambda console: console.print(fitted(COLUMNS, [], 60)), 60)


def test_what_steers_a_terminal_is_not_printed() -> None:
    assert printable("\x1b[31mred\x07\r\n\u202e") == "?[31mred????"
    assert printable("Größe ✓") == "Größe ✓"
