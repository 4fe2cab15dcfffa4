"""The command line. Built on Typer (extra ``cli``); each command imports what it needs when it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from ember_infer_core.errors import KernelError, ModelError

try:
    import typer
    from rich.console import Console
    from rich.syntax import Syntax

    from ember_infer_tools.cache_command import cache_app
except ModuleNotFoundError as _missing:
    sys.exit(f"error: the command line needs {_missing.name}: pip install 'ember-infer[cli]'")

__all__ = ["app", "main"]

app: typer.Typer = typer.Typer(
    name="ember-infer",
    help="Run INT8 TensorFlow Lite models from Python exactly as a microcontroller will.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(cache_app, name="cache")
_FAILED = 2
_OUTDATED = 1


@app.callback()
def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
) -> None:
    """Run INT8 TensorFlow Lite models from Python exactly as a microcontroller will."""
    context.obj = debug


@app.command()
def expand(
    model: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="MODEL")],
    class_name: Annotated[str | None, typer.Option(help="Name of the class; by default made from the file's.")] = None,
) -> None:
    """Print the Python that [bold]@ember_model[/bold] generates for a model.

    As `cargo expand` does for a Rust macro: one line for each operator call, then the class with its lengths, scales
    and methods. Colours vanish in a pipe: `ember-infer expand model.tflite > model.py` gives plain text.
    """
    from ember_infer_macros.expand import expand as expand_model

    source = expand_model(model, class_name)
    console = Console()
    if console.is_terminal:
        console.print(Syntax(source, "python", background_color="default"), soft_wrap=True)
    else:
        sys.stdout.write(source)


@app.command()
def stubs(
    paths: Annotated[list[Path], typer.Argument(help="Python files, or folders to search.", metavar="PATH...")],
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 if a stub is outdated.")] = False,
) -> None:
    """Write .pyi files with exact lengths for modules that hold model classes.

    For type checkers that cannot read a model: pyright, ty, pyrefly, an editor. mypy has a plugin instead, which also
    says when a stub no longer fits. Modules are parsed, not run. A stub hides its module from the checker, so a module
    that holds more than model classes, imports and plain constants gets none.
    """
    from ember_infer_macros.stubs import StubState, update_stubs

    reports = update_stubs(paths, check=check)
    for report in reports:
        reason = f" ({report.reason})" if report.reason else ""
        print(f"{report.state.value}: {report.path}{reason}")
    if any(report.state in (StubState.STALE, StubState.ORPHANED) for report in reports):
        print("write stubs again with ember-infer stubs, and delete those without a module", file=sys.stderr)
        raise typer.Exit(_OUTDATED)


def main() -> None:
    """Runs the command line; an error is one readable line on stderr and the exit status 2."""
    try:
        app(standalone_mode=True)
    except (ModelError, KernelError, ValueError, OSError) as error:
        if "--debug" in sys.argv[1:]:
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(_FAILED)


if __name__ == "__main__":
    main()
