"""A plugin for pytest: the long random tests of every operator, one after the other, and a line for each in a file.

``make campaign`` runs ``python -m pytest -p tests.campaign --campaign=FILE`` in the deep profile. Started again, it
goes on with the tests that have no line yet; without the file it begins anew. A test stops at the first model that
differs: its line says so, and pytest prints the rest. Where several tests are about one operator, of different types
or in other surroundings, each draws its share.
"""

from __future__ import annotations

import ast
import gc
import re
import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support import effort

# What a test calls to compare random models: itself, or in the module that its operator's family shares.
DRAWING = frozenset({"check", "check_moves", "check_pairs", "check_random_models", "compare_cases", "compare_drawn"})
# Parts of the names of tests that take long, in the order in which they come after all others: operators of two
# tensors, of which tables are made, then long sums, then sequences and programs.
DEAR = (
    *("compar", "maximum", "prelu", "squared", "div.", "mul", "sub", "test_add", "[add"),
    *("pool", "conv", "matmul", "fully", "int4", "resize"),
    *("svdf", "graph", "circular", "lstm", "variables"),
)
# Modules of which each test is about an operator of its own, or about none.
SEVERAL = frozenset(
    {"against_tflm", "fill", "gather", "pack", "pad", "reshape", "space_to_batch_nd", "split", "variables"}
)
SHARES = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The file, without which the plugin does nothing."""
    parser.addoption("--campaign", type=Path, help="add a line to this file for each test of random models; resumes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the tests that draw models and that are not done, the dearest last."""
    file: Path | None = config.getoption("campaign")
    if file is None:
        return
    done = {line.split(maxsplit=1)[0] for line in lines(file)}
    left = [item for item in items if draws_models(item) and short_name(item.nodeid) not in done]
    config.hook.pytest_deselected(items=[item for item in items if item not in left])
    tests = Counter(operator(item.nodeid) for item in items if draws_models(item))
    for item in left:
        item.stash[SHARES] = tests[operator(item.nodeid)]
    items[:] = sorted(left, key=rank)
    gc.set_threshold(100_000)  # a tenth of the time


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Lets the test draw its share."""
    effort.shared_by = item.stash.get(SHARES, 1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the test's line."""
    report = yield
    file: Path | None = item.config.getoption("campaign")
    if file is not None and report.when == "call":
        with file.open("a") as log:
            log.write(line(report) + "\n")
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints what the file says by now, of this run and earlier ones."""
    file: Path | None = config.getoption("campaign")
    if file is not None:
        terminalreporter.section(f"campaign: {file}")
        for one in lines(file):
            terminalreporter.write_line(one)


def draws_models(item: pytest.Item) -> bool:
    """Whether a test compares random models: whether it calls what does."""
    return isinstance(item, pytest.Function) and not DRAWING.isdisjoint(item.function.__code__.co_names)


def rank(item: pytest.Item) -> int:
    """Its place among those that take long, the last part of its name that is among theirs counting; before them 0."""
    return max((place for place, part in enumerate(DEAR, 1) if part in item.nodeid), default=0)


def operator(nodeid: str) -> str:
    """What the test is about: an operator, in lower case; itself where its module has several, or none.

    A test of two types, as of CAST, draws the share of its pair by itself.
    """
    module, test = short_name(nodeid).split("::")
    name, _, values = test.rstrip("]").partition("[")
    if named := re.search(r"\b[A-Z][A-Z0-9_]+\b", values):
        return named[0].lower()
    if name == "one_operator_equals_tflm":
        return values
    if module in SEVERAL or "-" in values:
        return short_name(nodeid)
    return module


def short_name(nodeid: str) -> str:
    """One word: the test without its folder."""
    return nodeid.rpartition("/")[2].replace(".py::test_", "::").removeprefix("test_").replace(" ", "_")


def line(report: pytest.TestReport) -> str:
    """How a test went: its name, the models by how they went, differences, seconds."""
    tallies = [ast.literal_eval(one) for one in report.capstdout.splitlines() if one.startswith("{")]
    models = sum(sum(tally.values()) for tally in tallies)
    return (
        f"{short_name(report.nodeid):75} {models:9,} models {int(report.failed)} differences "
        f"{report.duration:8.0f} s  {time.strftime('%F %T')}"
    )


def lines(file: Path) -> list[str]:
    """Those of the file, if it is there."""
    return file.read_text().splitlines() if file.exists() else []
