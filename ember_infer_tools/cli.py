"""The command line. Built on Typer (extra ``cli``); each command imports what it needs when it runs."""

from __future__ import annotations

import inspect
import os
import shlex
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, TextIO, TypeVar

from ember_infer_core.errors import KernelError, ModelError, UnsupportedModelError

try:
    import typer
    from rich.console import Console
    from rich.syntax import Syntax

    from ember_infer_tools.cache_command import cache_app
except ModuleNotFoundError as _missing:
    sys.exit(f"error: the command line needs {_missing.name}: pip install 'ember-infer[cli]'")

__all__ = ["app", "main"]

# Exit statuses.
_FOUND = 1
_FAILED = 2
_INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended
# Columns of a report that goes to a file or a pipe, where no terminal says how many there are.
_FILE_WIDTH = 200

Function = TypeVar("Function", bound=Callable[..., None])

app: typer.Typer = typer.Typer(
    name="ember-infer",
    help="Run INT8 TensorFlow Lite models from Python exactly as a microcontroller will.",
    epilog="[bold]A good start[/bold]  ember-infer inspect model.tflite\n\n"
    "[bold]Exit status[/bold]   0 done; 1 a check found something; 2 an error, told in one line; 130 Ctrl-C",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(cache_app, name="cache")


def _command(*examples: str) -> Callable[[Function], Function]:
    """Registers a command whose help is its docstring, every paragraph filled, and these examples."""

    def register(function: Function) -> Function:
        paragraphs = (inspect.getdoc(function) or "").split("\n\n")
        filled = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
        return app.command(
            name=function.__name__.rstrip("_"), help=filled, epilog="\n\n".join(("[bold]Examples[/bold]", *examples))
        )(function)

    return register


def _show_version(wanted: bool) -> None:
    if wanted:
        try:
            print(f"ember-infer {version('ember-infer')}")
        except PackageNotFoundError:
            print("ember-infer, from a folder that is not installed")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
    show_version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Run INT8 TensorFlow Lite models from Python exactly as a microcontroller will."""


@_command(
    "ember-infer inspect model.tflite",
    "ember-infer inspect model.tflite --backend my_package.kernels:MyBackend",
    "ember-infer inspect model.tflite --json | jq '.operators[] | select(.problem)'",
    "ember-infer inspect model.tflite --check > report.txt   # in CI: exit status 1 for anything in the way",
)
def inspect_(
    model: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="MODEL")],
    backend: Annotated[
        list[str] | None,
        typer.Option(
            "--backend", "-b", help="A further backend class to report on; may be repeated.", metavar="MODULE:CLASS"
        ),
    ] = None,
    tensors: Annotated[bool, typer.Option("--tensors", help="List every tensor.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Show every finding, not the first of each kind.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 if the model is not supported or there is a warning.")
    ] = False,
) -> None:
    """Show what a model needs, before it is deployed.

    Operators, and which are not supported, by the project or by a backend; shapes, quantisation, MACs; bytes of
    weights, arena and scratch; the arena as a picture; warnings: dead channels, sums that can leave int32, constant
    outputs, odd metadata, shapes that ESP-NN's kernels get wrong. Nothing is run, and a model that cannot be run is
    shown all the same.
    """
    from ember_infer_tools.inspect import inspect_model, to_json
    from ember_infer_tools.inspect.report import render
    from ember_infer_tools.specs import installed_backends, load_backend_class

    report = inspect_model(model, (*installed_backends(), *map(load_backend_class, backend or ())))
    if as_json:
        print(to_json(report))
    else:
        console = _console()
        for section in render(report, width=console.width, all_tensors=tensors, all_findings=every):
            console.print(section)
    if check and not (report.supported and all(finding.level == "hint" for finding in report.findings)):
        raise typer.Exit(_FOUND)


@_command(
    "ember-infer compare model.tflite --a ember_infer_ref:RefBackend --b tflm",
    "ember-infer compare model.tflite --a ember_infer_ref:RefBackend --b my_package.kernels:MyBackend,chip=mine",
    "ember-infer compare model.tflite --a ember_infer_ref:RefBackend --b dumps:from_device --inputs samples.npy",
    "ember-infer compare model.tflite --a tflm --b litert --json | jq .first_faulty",
    "ember-infer compare streaming.tflite --a ember_infer_native:NativeBackend --b tflm --steps 500",
)
def compare(
    model: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="MODEL")],
    a: Annotated[str, typer.Option("--a", help="The reference.", metavar="SIDE")],
    b: Annotated[str, typer.Option("--b", help="What is compared with it.", metavar="SIDE")],
    inputs: Annotated[
        Path | None, typer.Option(help="Samples in the model's own types, .npy or .npz, one in each row.")
    ] = None,
    samples: Annotated[
        int | None, typer.Option(help="How many random inputs, without --inputs.", min=1, show_default="4")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="The same for a model that keeps state.", min=1, show_default="64")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the random inputs.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> None:
    """Run a model on two sides, layer by layer, and name the first layer that differs.

    Each layer is run twice: fed the reference's tensors, which finds the faulty kernel, and end to end, which shows how
    errors grow. A SIDE is a backend, module:Class, with arguments as in ember_infer_ref:RefBackend,rounding=single;
    another runtime, tflm or litert; or dumps:FOLDER, .npy and .bin files of a device, named after the layers.

    A model that keeps state goes through one sequence, each side in a state of its own; a layer that is fed the
    reference's tensors is fed its state, too. The report names the first step and layer in which the sides part.

    Exit status: 0 equal, 1 different, 2 could not compare.
    """
    import json

    from ember_infer_tools.compare.command import compare_with_progress
    from ember_infer_tools.compare.report import print_comparison

    found = compare_with_progress(model, a, b, inputs, samples, steps, seed)
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        print_comparison(found, _console())
    if not found.equal:
        raise typer.Exit(_FOUND)


@_command(
    "ember-infer bench model.tflite",
    "ember-infer bench model.tflite --per-layer",
    "ember-infer bench model.tflite --backend ember_infer_native:NativeBackend,target=avx2 --against litert",
    "ember-infer bench model.tflite --backend my_package.kernels:MyBackend --against none --json",
)
def bench(
    model: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="MODEL")],
    backend: Annotated[
        list[str] | None,
        typer.Option(
            "--backend",
            "-b",
            help="What to time; may be repeated. By default RefBackend, and NativeBackend where there is a C compiler.",
            metavar="MODULE:CLASS",
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="tflm, litert, both with a comma between them, or none. By default those that are there and can."
        ),
    ] = None,
    per_layer: Annotated[bool, typer.Option("--per-layer", help="Show where the time of each backend goes.")] = False,
    turns: Annotated[int, typer.Option(help="How many turns each has, of some 20 ms.", min=1)] = 31,
    steps: Annotated[int, typer.Option(help="Length of the sequence, for a model that keeps state.", min=1)] = 64,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead, times in seconds.")] = False,
) -> None:
    """Time a model on backends and other runtimes.

    All run on one thread, in turns, for machines change their speed; ratios are medians over turns. The answers are
    compared before anything is timed. With [bold]--per-layer[/bold]: microseconds, multiply-accumulates a second, and
    what share that is of the speed that this machine's instructions reach when there is nothing else to do.
    """
    import json

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy loads, which is now

    from ember_infer_tools.bench.command import run_bench
    from ember_infer_tools.bench.report import print_bench

    found = run_bench(model, backend or (), against, turns, per_layer, steps)
    if as_json:
        print(json.dumps(found.to_json(), indent=2))
    else:
        print_bench(found, _console())


@_command(
    "ember-infer build model.tflite -o compiled   # then NativeBackend(artifacts='compiled')",
    "ember-infer build model.tflite other.tflite -o compiled --target all",
    "ember-infer build model.tflite -o compiled --machine aarch64   # needs the ziglang wheel, or CC",
)
def build(
    models: Annotated[list[Path], typer.Argument(help=".tflite files.", metavar="MODEL")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to make or to add to.", metavar="DIR")],
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="An instruction set, or all of the machine; may be repeated. By default the best of this processor.",
            metavar="NAME",
        ),
    ] = None,
    machine: Annotated[
        str | None,
        typer.Option(help="x86_64 or aarch64, to build for Linux on such a machine.", metavar="PROCESSOR"),
    ] = None,
    source: Annotated[
        bool, typer.Option("--source", help="Write C for reading and calling, in place of libraries.")
    ] = False,
) -> None:
    """Compile models ahead of time, for NativeBackend on machines without a compiler.

    DIR gets a library for each model and target, one for single operator calls, and a manifest.
    NativeBackend(artifacts=DIR) finds a model there by what it computes, takes the best target that the processor has,
    and checks the file before it loads it. With [bold]--target all[/bold] the folder serves any processor of the kind.
    """
    from ember_infer_tools.build_command import print_built, run_build, write_sources

    if source:
        for folder in write_sources(models, output, target or (), machine):
            print(folder)
    else:
        print_built(run_build(models, output, target or (), machine), output, _console())


@_command(
    "ember-infer expand model.tflite",
    "ember-infer expand model.tflite --class-name Detector > detector.py",
)
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


@_command(
    "ember-infer stubs src/my_models.py",
    "ember-infer stubs --check src   # in CI: exit status 1 where a stub no longer fits its model",
)
def stubs(
    paths: Annotated[list[Path], typer.Argument(help="Python files, or folders to search.", metavar="PATH...")],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a stub is outdated or cannot be made.")
    ] = False,
) -> None:
    """Write .pyi files with exact lengths for modules that hold model classes.

    For type checkers that cannot read a model: pyright, ty, pyrefly, an editor. mypy has a plugin instead, which also
    says when a stub no longer fits. Modules are parsed, not run. A stub hides its module from the checker, so a module
    that holds more than model classes, imports and plain constants gets none. Where a model is not supported or a file
    is in the way, the other stubs are written all the same, and the exit status is 1.
    """
    from ember_infer_macros.stubs import StubState, update_stubs

    reports = update_stubs(paths, check=check)
    for report in reports:
        reason = f" ({report.reason})" if report.reason else ""
        print(f"{report.state.value}: {report.path}{reason}")
    for report in reports:
        if report.error is not None:
            # A refusal names its module; a model's error knows only of the model.
            where = f"{report.path.with_suffix('.py')}: " if isinstance(report.error, ModelError) else ""
            print(f"error: {where}{_one_line(report.error)}", file=sys.stderr)
    states = {report.state for report in reports}
    if not states.isdisjoint((StubState.STALE, StubState.ORPHANED)):
        print("write stubs again with ember-infer stubs, and delete those without a module", file=sys.stderr)
    if not states.isdisjoint((StubState.STALE, StubState.ORPHANED, StubState.FAILED)):
        raise typer.Exit(_FOUND)


def _console() -> Console:
    """Standard output, with colours only in a terminal, and room for whole tables elsewhere."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _FILE_WIDTH
    return console


def main() -> None:
    """Runs the command line and ends the process; an error is one readable line on stderr and the exit status 2."""
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
        # The reader, such as `head`, has seen enough. Rich and Typer answer with SystemExit(1), others do not.
        if isinstance(end, SystemExit) and end.code != 1:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except (KeyboardInterrupt, typer.Abort):
        status = _INTERRUPTED
    except Exception as error:
        if debug:
            raise
        print(f"error: {_one_line(error)}", file=sys.stderr)
        status = _FAILED
    sys.exit(status)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """In place of Python's two lines, of which one is source code."""
    print(f"warning: {message}", file=sys.stderr)


def _one_line(error: Exception) -> str:
    """What went wrong in one line, and where to look further."""
    if isinstance(error, UnsupportedModelError):
        count = len(error.problems)
        more = f", and {count - 1} more" if count > 1 else ""
        show = f"ember-infer inspect {shlex.quote(error.source)}"
        return f"{error.source}: not supported: {error.problems[0]}{more} ({show} shows all)"
    if hasattr(error, "format_message"):  # what the parser of the command line raises
        context = getattr(error, "ctx", None)
        command = getattr(context, "command_path", "ember-infer")
        return f"{error.format_message()} (see {command} --help)"
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    text = " ".join(str(error).split())
    if isinstance(error, ValueError | KernelError | OSError | ImportError):
        return text
    return f"{type(error).__name__}: {text} (a fault of Ember Infer's: --debug shows where)"


if __name__ == "__main__":
    main()
