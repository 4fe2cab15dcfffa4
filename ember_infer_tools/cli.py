"""The command line. Built on Typer (extra ``cli``); each command imports what it needs when it runs."""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from ember_infer_core.errors import ModelError
from ember_infer_core.version import installed_version

try:
    import typer
    from rich.console import Console
    from rich.syntax import Syntax

    from ember_infer_tools.cache_command import cache_app
    from ember_infer_tools.evaluate_command import evaluate
    from ember_infer_tools.options import (
        InputsOption,
        SamplesOption,
        SeedOption,
        StepsOption,
        complete_backend,
        complete_side,
    )
    from ember_infer_tools.report_command import report
    from ember_infer_tools.running import FOUND, Command, Commands, conclude, one_line, run
    from ember_infer_tools.terminal import output_console, printable
except ModuleNotFoundError as _missing:
    sys.exit(f"error: the command line needs {_missing.name}: pip install 'ember-infer[cli]'")

__all__ = ["app", "main"]

Function = TypeVar("Function", bound=Callable[..., None])

app: typer.Typer = typer.Typer(
    name="ember-infer",
    help="Run INT8 TensorFlow Lite models from Python exactly as a microcontroller will.",
    epilog="[bold]A good start[/bold]  ember-infer inspect model.tflite\n\n"
    "[bold]Exit status[/bold]   0 done; 1 a check found something; 2 an error, told in one line; 130 Ctrl-C",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(cache_app, name="cache")


def _command(*examples: str) -> Callable[[Function], Function]:
    """Registers a command whose help is its docstring, every paragraph filled, and these examples."""

    def register(function: Function) -> Function:
        paragraphs = (inspect.getdoc(function) or "").split("\n\n")
        filled = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
        name, shown = function.__name__.rstrip("_"), "\n\n".join(("[bold]Examples[/bold]", *examples))
        return app.command(name=name, cls=Command, help=filled, epilog=shown)(function)

    return register


def _show_version(wanted: bool) -> None:
    if wanted:
        version = installed_version()
        print("ember-infer, from a folder that is not installed" if version is None else f"ember-infer {version}")
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
            "--backend",
            "-b",
            help="A further backend to report on, or a function that returns one; may be repeated.",
            metavar="MODULE:CLASS",
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

    def show() -> None:
        if as_json:
            print(to_json(report))
            return
        console = output_console()
        for section in render(report, width=console.width, all_tensors=tensors, all_findings=every):
            console.print(section)

    fine = report.supported and all(finding.level == "hint" for finding in report.findings)
    conclude(show, found=check and not fine)


@_command(
    "ember-infer compare model.tflite --a ref --b tflm",
    "ember-infer compare model.tflite --a ref --b my_package.kernels:MyBackend,chip=mine",
    "ember-infer compare model.tflite --a ref --b dumps:from_device --inputs samples.npy",
    "ember-infer compare model.tflite --a tflm --b litert --json | jq .first_faulty",
    "ember-infer compare streaming.tflite --a native --b tflm --steps 500",
)
def compare(
    model: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="MODEL")],
    a: Annotated[str, typer.Option("--a", help="The reference.", metavar="SIDE", autocompletion=complete_side)],
    b: Annotated[
        str, typer.Option("--b", help="What is compared with it.", metavar="SIDE", autocompletion=complete_side)
    ],
    inputs: InputsOption = None,
    samples: SamplesOption = None,
    steps: StepsOption = None,
    seed: SeedOption = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> None:
    """Run a model on two sides, layer by layer, and name the first layer that differs.

    Each layer is run twice: fed the reference's tensors, which finds the faulty kernel, and end to end, which shows how
    errors grow. A SIDE is a backend: ref, native, esp, esp-p4, or module:Class of yours, with arguments as in
    ref,rounding=single; another runtime, tflm or litert; or dumps:FOLDER, .npy and .bin files of a device, named after
    the layers.

    A model that keeps state goes through one sequence, each side in a state of its own; a layer that is fed the
    reference's tensors is fed its state, too. The report names the first step and layer in which the sides part.

    Exit status: 0 equal, 1 different, 2 could not compare.
    """
    from ember_infer_tools.compare.command import compare_with_progress
    from ember_infer_tools.compare.report import print_comparison

    found = compare_with_progress(model, a, b, inputs, samples, steps, seed)
    conclude(
        lambda: _print_json(found.to_json()) if as_json else print_comparison(found, output_console()),
        found=not found.equal,
    )


@_command(
    "ember-infer bench model.tflite",
    "ember-infer bench model.tflite --per-layer",
    "ember-infer bench model.tflite --backend native,target=avx2 --against litert",
    "ember-infer bench model.tflite --backend my_package.kernels:MyBackend --against none --json",
)
def bench(
    model: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="MODEL")],
    backend: Annotated[
        list[str] | None,
        typer.Option(
            "--backend",
            "-b",
            help="What to time; may be repeated. By default ref, and native where there is a C compiler.",
            metavar="BACKEND",
            autocompletion=complete_backend,
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

    Exit status: 0 timed, 1 a backend answers something else than TensorFlow Lite Micro (or RefBackend, where that is
    not there), 2 could not time.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy loads, which is now

    from ember_infer_tools.bench.command import run_bench
    from ember_infer_tools.bench.report import print_bench

    found = run_bench(model, backend or (), against, turns, per_layer, steps)
    conclude(
        lambda: _print_json(found.to_json()) if as_json else print_bench(found, output_console()),
        found=bool(found.wrong),
    )


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
            print(printable(str(folder)))
    else:
        print_built(run_build(models, output, target or (), machine), output, output_console())


def _boards(incomplete: str) -> list[str]:
    """What a shell offers for a board."""
    from ember_infer_firmware.boards import BOARDS

    return [name for name in BOARDS if name.startswith(incomplete)]


def _kinds(incomplete: str) -> list[str]:
    """What a shell offers for a kind of kernels."""
    from ember_infer_firmware.kinds import KINDS

    return [name for name in KINDS if name.startswith(incomplete)]


@_command(
    "ember-infer export model.tflite -o firmware",
    "ember-infer export model.tflite -o firmware --verify cortex-m4 --verify cortex-m55 --size",
    "ember-infer export model.tflite -o firmware --inputs samples.npy --name detector --force",
)
def export(
    model: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="MODEL")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.", metavar="FOLDER")],
    kernels: Annotated[
        str,
        typer.Option(
            help="Which the code calls: reference, cmsis-nn or esp-nn.", metavar="KIND", autocompletion=_kinds
        ),
    ] = "reference",
    library: Annotated[
        Path | None,
        typer.Option(
            "--library",
            "--cmsis-nn",
            help="The folder of CMSIS-NN's or ESP-NN's sources, for [bold]--verify[/bold] and [bold]--size[/bold]; by "
            "default what CMSIS_NN_PATH or ESP_NN_PATH names.",
            metavar="FOLDER",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Of the model in C; by default made from the file's.", metavar="NAME")
    ] = None,
    inputs: Annotated[
        Path | None,
        typer.Option(
            help="Real samples in the model's own types, .npy or .npz, for self-test and [bold]--verify[/bold]."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the folder, if it is as an export made it.")] = False,
    verify: Annotated[
        list[str] | None,
        typer.Option(
            help="Run the model on an emulated board and compare; may be repeated.",
            metavar="BOARD",
            autocompletion=_boards,
        ),
    ] = None,
    size: Annotated[
        bool, typer.Option("--size", help="Show flash and RAM, on cortex-m4 unless boards are named.")
    ] = False,
    samples: Annotated[int, typer.Option(help="How many a board runs.", min=1)] = 64,
    seed: Annotated[int, typer.Option(help="Seed of the random ones.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> None:
    """Write a model as plain C99 for microcontrollers.

    FOLDER gets the model, its weights and the kernels that it uses, golden vectors with a self-test, a README that says
    how to call it, and what CMake, ESP-IDF, Zephyr, PlatformIO and Arduino want. It is bit for bit what TensorFlow Lite
    Micro computes.

    With [bold]--verify[/bold] the code is compiled for cortex-m0, cortex-m3, cortex-m4, cortex-m7, cortex-m55 or rv32,
    run by QEMU on real and random inputs, and compared with RefBackend byte by byte.

    Exit status: 0 done, 1 a board answers something else, 2 could not export or run.
    """
    from ember_infer_tools.export_command import print_export, run_export

    found = run_export(
        model, output, kernels=kernels, library=library, name=name, inputs=inputs, force=force, boards=verify or (),
        size=size, samples=samples, seed=seed,
    )  # fmt: skip
    conclude(
        lambda: _print_json(found.to_json()) if as_json else print_export(found, output_console()),
        found=any(one.differing for one in found.verified),
    )


_command(
    "ember-infer evaluate model.tflite --data test.npz --backend native --against litert --metric accuracy",
    "ember-infer evaluate model.tflite --data sounds/ --prepare my_package:mfcc --backend native --against tflm",
    "ember-infer evaluate model.tflite --data test.parquet --labels digit --backend native --metric top-3 --resume run",
    "ember-infer evaluate old.tflite --data test.npz --backend native --against new.tflite --json",
)(evaluate)


_command(
    "ember-infer report model.tflite -o report.html",
    "ember-infer report model.tflite -o report.html --a native --inputs samples.npy",
    "ember-infer report model.tflite -o report.html --a ref --b tflm --inputs samples.npy --force",
)(report)


@_command(
    "ember-infer expand model.tflite",
    "ember-infer expand model.tflite --class-name Detector | less",
)
def expand(
    model: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="MODEL")],
    class_name: Annotated[str | None, typer.Option(help="Name of the class; by default made from the file's.")] = None,
) -> None:
    """Print the Python that [bold]@ember_model[/bold] generates for a model.

    As `cargo expand` does for a Rust macro: one line for each operator call, then the class with its lengths, scales
    and methods. Colours vanish in a pipe: `ember-infer expand model.tflite > model.txt` gives plain text.
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
        print(printable(f"{report.state.value}: {report.path}{reason}"))
    for report in reports:
        if report.error is not None:
            # A refusal names its module; a model's error knows only of the model.
            where = f"{report.path.with_suffix('.py')}: " if isinstance(report.error, ModelError) else ""
            print(f"error: {printable(where)}{one_line(report.error)}", file=sys.stderr)
    states = {report.state for report in reports}
    if not states.isdisjoint((StubState.STALE, StubState.ORPHANED)):
        print("write stubs again with ember-infer stubs, and delete those without a module", file=sys.stderr)
    if not states.isdisjoint((StubState.STALE, StubState.ORPHANED, StubState.FAILED)):
        raise typer.Exit(FOUND)


def _print_json(content: dict[str, Any]) -> None:
    print(json.dumps(content, indent=2))


def main() -> None:
    """Runs the command line and ends the process; an error is one readable line on stderr and the exit status 2."""
    run(app)


if __name__ == "__main__":
    main()
