"""How the command line runs: streams, signals, and every error as one readable line."""

from __future__ import annotations

import os
import shlex
import sys
import warnings
from collections.abc import Callable
from typing import Any, TextIO

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

from ember_infer_core.errors import KernelError, UnsupportedModelError
from ember_infer_tools.terminal import printable

__all__ = ["FOUND", "Command", "Commands", "conclude", "one_line", "run"]

# Exit statuses.
FOUND = 1
_FAILED = 2
_INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended


# Contexts and parameters are Click's or, in newer versions, Typer's own: Any is both.


class Command(TyperCommand):
    """A command whose help shows flags without a type: ``--json``, not ``--json <bool>``."""

    @override
    def get_params(self, ctx: Any) -> list[Any]:
        """See Click."""
        return _plain_flags(super().get_params(ctx))


class Commands(TyperGroup):
    """The same for a group of commands."""

    @override
    def get_params(self, ctx: Any) -> list[Any]:
        """See Click."""
        return _plain_flags(super().get_params(ctx))


def _plain_flags(params: list[Any]) -> list[Any]:
    for param in params:
        if getattr(param, "is_flag", False) and param.metavar is None:
            param.metavar = ""
    return params


def conclude(show: Callable[[], object], found: bool) -> None:
    """Prints, and then ends the command with status 1 if something was found: even where the reader, such as ``head``,
    has left in between.
    """
    try:
        show()
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as end:
        if not _reader_has_left(end):
            raise
        _drop_output()
    if found:
        raise typer.Exit(FOUND)


def run(app: typer.Typer) -> None:
    """Runs the command line and ends the process; an error is one readable line on stderr and the exit status 2."""
    if sys.stderr is None:  # closed by the caller, who wants to hear nothing
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None:
        print("error: standard output is closed: there is nowhere to write to", file=sys.stderr)
        sys.exit(_FAILED)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # names from a file in a terminal that cannot show them
    sys.path.append("")  # --backend finds modules in the working directory; last, so that nothing is hidden
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            status = app(args=arguments or ["--help"], prog_name="ember-infer", standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as end:
        if not _reader_has_left(end):
            raise
        _drop_output()
        status = 0
    except (KeyboardInterrupt, typer.Abort):
        status = _INTERRUPTED
    except Exception as error:
        if debug:
            raise
        print(f"error: {one_line(error)}", file=sys.stderr)
        status = _FAILED
    sys.exit(status)


def _reader_has_left(end: BaseException) -> bool:
    """Of a pipe, having seen enough. Rich and Typer answer with SystemExit(1), others do not."""
    return not isinstance(end, SystemExit) or end.code == 1


def _drop_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """In place of Python's two lines, of which one is source code."""
    print(f"warning: {_words(message)}", file=sys.stderr)


def _words(text: object) -> str:
    """In one line, whatever a file or a path holds."""
    return printable(" ".join(str(text).split()))


def one_line(error: Exception) -> str:
    """What went wrong in one line, and where to look further."""
    if isinstance(error, UnsupportedModelError):
        show = f"ember-infer inspect {shlex.quote(error.source)}"
        return _words(f"{error.source}: not supported: {'; '.join(error.shown)} ({show} says what to do)")
    if hasattr(error, "format_message"):  # what the parser of the command line raises
        context = getattr(error, "ctx", None)
        command = getattr(context, "command_path", "ember-infer")
        return _words(f"{error.format_message()} (see {command} --help)")
    if isinstance(error, OSError) and error.filename and error.strerror:
        return _words(f"{error.filename}: {error.strerror}")
    if isinstance(error, ValueError | KernelError | OSError | ImportError):
        return _words(error)
    return f"{type(error).__name__}: {_words(error)} (a fault of Ember Infer's: --debug shows where)"
