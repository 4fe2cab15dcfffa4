"""What the documentation shows runs as it stands, block by block, and gives what is said of it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ember_infer_core import CompilerNotFound
from ember_infer_native.toolchain import find_compiler
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY, skip_or_fail
from tests.docs.commands import check_transcript, commands, compile_c, run_command
from tests.docs.pages import PAGES, blocks, run_python
from tests.support.effort import left_to_ci

# What pages take for granted: modules, and whether there is a compiler.
NEEDS = {
    "streaming.md": ["pymicro_wakeword"],
    "ember_esp": ["ember_esp"],
    "compare.md": ["tflite_micro", "ai_edge_litert", "pymicro_wakeword"],
    "firmware.md": ["ember_esp"],
    "report.md": ["jinja2"],
    "evaluate.md": ["tflite_micro", "ai_edge_litert", "distributed"],
}
COMPILES = ("firmware.md", "migrating.md", "native.md", "streaming.md", "README.md")
# Blocks that need more than anybody has at hand are read, not run: the converter's.
ONLY_READ = {"getting-a-model-that-runs.md"}
# Blocks without a kind, which nobody runs, by page and first word: what holds them to the truth.
HELD_ELSEWHERE = {
    ("README.md", "ember_infer_core.errors.UnsupportedModelError:"): "test_messages.py",
    ("getting-a-model-that-runs.md", "not"): "test_messages.py",
    ("typing.md", "app.py:6:"): "test_messages.py, and the first line tests/typing/test_mypy.py",
    ("backends.md", "_____"): "tests/conformance/test_docs.py",
    ("backends.md", "mykernels:backend:"): "tests/conformance/test_docs.py",
    ("inspect.md", "models/digits.tflite:"): "tests/tools/test_command_line.py",
    (
        "inspect.md",
        "State",
    ): "nothing but tests/tools/test_inspect_state.py: rows of a published model",
    ("firmware.md", "firmware:"): "nothing: sizes and instructions are those of one compiler",
    ("native.md", "Program"): "nothing: a picture",
}
# They compare whole models layer by layer, and run wake words on seconds of sound.
LONG = {"compare.md", "streaming.md"}
MODULE = """
from ember_infer_macros import ember_model

@ember_model("model.tflite")
class Model: ...
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A reader's folder: the project's models, one of their own, and a package with a class of it."""
    (tmp_path / "models").symlink_to(REPOSITORY / "models")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "mine.py").write_text(MODULE)
    for place in (tmp_path, tmp_path / "src"):
        for name in ("model.tflite", "sine.tflite"):
            (place / name).write_bytes((REPOSITORY / "models" / "sine.tflite").read_bytes())
    if wake_words := importlib.util.find_spec("pymicro_wakeword"):
        (package,) = wake_words.submodule_search_locations or [""]
        (tmp_path / "okay_nabu.tflite").symlink_to(Path(package) / "models" / "okay_nabu.tflite")
    (tmp_path / "mypackage.py").write_text("from ember_infer_ref import RefBackend as MyBackend\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


def follow(page: Path, folder: Path) -> dict[str, Any]:
    """Does all that a page shows.

    Returns:
        what its Python leaves.
    """
    names: dict[str, Any] = {"__name__": "__page__"}
    printed = ""
    for block in blocks(page):
        if block.kind == "python" and page.name in ONLY_READ:
            compile(block.content, str(page), "exec")
        elif block.kind == "python":
            printed = run_python(block, names)
        elif block.kind == "toml" and sys.version_info >= (3, 11):
            import tomllib

            tomllib.loads(block.content)
        elif block.kind == "" and block.content.startswith("$ "):
            check_transcript(block, folder)
        elif block.kind == "text":
            assert printed == block.content
        elif block.kind == "c":
            compile_c(block, folder)
        elif block.kind == "sh":
            for words in commands(block):
                run_command(words, folder)
    return names


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=left_to_ci) if page.name in LONG else page for page in PAGES],
    ids=lambda page: str(page.relative_to(REPOSITORY)),
)
def test_a_page_does_what_it_shows(page: Path, folder: Path) -> None:
    for module in (module for part, modules in NEEDS.items() if part in page.parts for module in modules):
        if importlib.util.find_spec(module) is None:
            skip_or_fail(f"{module} is not installed")
    if page.name in COMPILES:
        try:
            find_compiler()
        except CompilerNotFound as error:
            skip_or_fail(str(error))
    names = follow(page, folder)
    if page.name == "streaming.md":
        assert names["heard"].shape == (1, 1)
        whole = names["WakeWord"].predict_sequence(RefBackend(), names["steps"])
        assert (names["there"].output == whole[-1]).all()


def test_kinds_of_blocks_are_those_that_are_run() -> None:
    kinds = {block.kind for page in PAGES for block in blocks(page)}
    assert kinds == {"python", "sh", "c", "toml", "text", ""}


def test_what_is_shown_and_not_run_is_known() -> None:
    shown = [block for page in PAGES for block in blocks(page) if block.kind == "" and block.content[0] != "$"]
    assert {(block.page.name, block.content.split(maxsplit=1)[0]) for block in shown} == set(HELD_ELSEWHERE)
    assert len(shown) == len(HELD_ELSEWHERE)
