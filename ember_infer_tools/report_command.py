"""``ember-infer report``: the options, and the file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ember_infer_tools.options import InputsOption, SamplesOption, SeedOption, StepsOption, complete_side
from ember_infer_tools.terminal import output_console, printable

__all__ = ["report"]


def report(
    model: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="MODEL")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.", metavar="FILE")],
    a: Annotated[
        str | None,
        typer.Option("--a", help="Who runs it.", metavar="SIDE", autocompletion=complete_side, show_default="ref"),
    ] = None,
    b: Annotated[
        str | None,
        typer.Option(
            "--b", help="What is compared with it, if anything.", metavar="SIDE", autocompletion=complete_side
        ),
    ] = None,
    inputs: InputsOption = None,
    samples: SamplesOption = None,
    steps: StepsOption = None,
    seed: SeedOption = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE, if it is a report.")] = False,
) -> None:
    """Write a page about a model, to look at in a browser.

    One file, which loads nothing from anywhere: the graph with types and shapes; the arena over time; bytes, MACs and
    measured time of each layer; scales, saturation and histograms of weights and activations. With [bold]--b[/bold]:
    where and by how much the two sides differ, down to the elements of a layer, and the rounding that explains it.

    A SIDE is what compare takes: ref, native, esp, esp-p4, or module:Class of yours, with arguments as in
    ref,rounding=single; or, where two are compared, tflm, litert or dumps:FOLDER. A model that is not supported is
    not run, and shown all the same.

    Exit status: 0 written, whatever it shows; 2 could not.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for the times; read when NumPy loads, which is now

    from ember_infer_tools.report.output import check_file, write_file

    check_file(output, force)
    from ember_infer_tools.compare.inputs import load_inputs
    from ember_infer_tools.report import make_report
    from ember_infer_tools.report.page import render

    arrays = None if inputs is None else load_inputs(inputs)
    with Console(stderr=True).status("reading the model") as status:
        found = make_report(
            model, a, b, arrays, samples=samples, steps=steps, seed=seed, progress=lambda what: status.update(what)
        )
        write_file(output, render(found), force=force)
    console = output_console()
    console.print(f"{printable(str(output))}: open it in a browser", soft_wrap=True, markup=False)
