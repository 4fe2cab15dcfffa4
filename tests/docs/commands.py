"""Command lines of the documentation: run where that is quick, and else held to what they ask for."""

from __future__ import annotations

import importlib.util
import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

from ember_infer_firmware.boards import board_named
from ember_infer_native.toolchain import find_compiler
from tests.conftest import REPOSITORY
from tests.docs.pages import Block
from tests.firmware.programs import board_tools
from tests.support.debian import debian_program

__all__ = ["check_transcript", "commands", "compile_c", "run_command"]

# Of other projects, or of the shell.
_NOT_OURS = frozenset({"espeak-ng", ".", "sudo", "cd", ".venv/bin/pre-commit"})
# So that a page's commands take no longer than they must.
_QUICKLY = {
    "bench": ("--turns", "1", "--against", "none", "--backend", "ember_infer_ref:RefBackend"),
    "--machine": ("--source",),  # a cross compiler's libraries are tests/native/artifact's
}


def commands(block: Block) -> list[list[str]]:
    """The words of every command in a block."""
    text = block.content.replace("\\\n", " ")
    lines = [part for line in text.splitlines() for part in line.split("&&")]
    return [words for words in (shlex.split(line, comments=True) for line in lines) if words]


def run_command(words: list[str], folder: Path) -> None:
    """Runs a command, or checks it.

    Raises:
        AssertionError: it fails, or nobody here knows what would check it.
    """
    program, *arguments = words
    if program == "ember-infer":
        if "--target" in arguments:  # all of them is tests/native/artifact's, too
            arguments = ["portable" if word == "all" else word for word in arguments]
        quickly = [option for word, options in _QUICKLY.items() if word in arguments for option in options]
        for option, value in itertools.pairwise(arguments):
            if option == "--verify":
                board_tools(board_named(value))
        _run([sys.executable, "-m", "ember_infer_tools.cli", *arguments, *quickly], folder)
    elif program in ("cmake", "ctest"):
        _run([debian_program(program, "cmake", "make"), *arguments], folder)
    elif program == "make":
        _run(["make", "--dry-run", *arguments], REPOSITORY)
    elif program == "pytest":
        _run([sys.executable, "-m", *words, "--collect-only", "-q", "-p", "no:cacheprovider"], folder)
    elif program == "pip":
        _check_installed(arguments)
    elif program == "sha256sum":
        _run(words, REPOSITORY / "models")
    elif words[:2] == ["python", "-m"]:
        assert importlib.util.find_spec(words[2]) is not None, f"no module {words[2]}"
    elif program == "python":
        _check_options(arguments)
    else:
        assert program in _NOT_OURS, f"nobody checks {shlex.join(words)}"


def compile_c(block: Block, folder: Path) -> None:
    """Compiles statements of C, as a program that uses the model that the page has exported.

    Raises:
        AssertionError: the compiler refuses them, or warns.
    """
    source = folder / "block.c"
    source.write_text(f'#include <stdio.h>\n#include "sine.h"\nint main(void) {{\n{block.content}return 0;\n}}\n')
    options = ("-std=gnu99", "-Wall", "-Werror", "-fsyntax-only", "-I", str(folder / "firmware" / "src"))
    _run([*find_compiler().command, *options, str(source)], folder)


def check_transcript(block: Block, folder: Path) -> None:
    """Runs what stands after each ``$``, and compares what it prints with what stands below.

    Raises:
        AssertionError: it is something else, versions of other runtimes apart.
    """
    for part in block.content.removeprefix("$ ").split("\n$ "):
        command, _, shown = part.partition("\n")
        program, *arguments = shlex.split(command)
        assert program == "ember-infer"
        line = [sys.executable, "-m", "ember_infer_tools.cli", *arguments]
        result = subprocess.run(line, cwd=folder, capture_output=True, encoding="utf-8", check=False)
        assert _plain(result.stdout) == _plain(shown), result.stderr


def _plain(text: str) -> list[str]:
    unversioned = re.sub(r"(LiteRT|Micro) [0-9a-z.]+$", r"\1", text.rstrip(), flags=re.MULTILINE)
    return [line.rstrip() for line in unversioned.splitlines()]


def _run(command: list[str], folder: Path) -> None:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{shlex.join(command)}\n{result.stdout}{result.stderr}"


def _check_installed(arguments: list[str]) -> None:
    """Extras have the names that pyproject.toml gives them."""
    metadata = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    for extra in re.findall(r"ember-infer\[([a-z-]+)\]", " ".join(arguments)):
        assert re.search(rf"^{extra} = \[", metadata, re.MULTILINE), f"no extra {extra}"


def _check_options(arguments: list[str]) -> None:
    """A script has the options that it is given."""
    script, *rest = arguments
    shown = subprocess.run(
        [sys.executable, script, "--help"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    for option in (word for word in rest if word.startswith("--")):
        assert option in shown.stdout, f"{script} has no {option}"
