"""``ember-infer evaluate``: the options, and what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ember_infer_tools.options import complete_runner
from ember_infer_tools.running import conclude
from ember_infer_tools.terminal import output_console

__all__ = ["evaluate"]


def evaluate(
    model: Annotated[Path, typer.Argument(help="A .tflite file.", metavar="MODEL")],
    data: Annotated[
        str,
        typer.Option(
            help="Samples: .npy, .npz, .parquet, or a folder of .wav, .bmp and .png with a folder for each class.",
            metavar="DATA",
        ),
    ],
    backend: Annotated[
        list[str],
        typer.Option(
            "--backend", "-b", help="Who runs it; may be repeated.", metavar="SIDE", autocompletion=complete_runner
        ),
    ],
    labels: Annotated[
        str | None,
        typer.Option(
            help="A .npy or .npz file, or the name of an array or column in DATA. By default DATA's array labels, or "
            "its folders.",
            metavar="LABELS",
        ),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            help="Whom it is compared with: a further side, or another model.tflite, which the first backend runs; "
            "may be repeated.",
            metavar="SIDE",
            autocompletion=complete_runner,
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="accuracy, top-5 (or any number), confusion, auc; or mae; may be repeated.", metavar="NAME"),
    ] = None,
    prepare: Annotated[
        str | None,
        typer.Option(help="Your preprocessing: a function of one sample.", metavar="MODULE:FUNCTION"),
    ] = None,
    output: Annotated[int, typer.Option(help="Which of several outputs answers.", min=0)] = 0,
    threshold: Annotated[float, typer.Option(help="From which an output of one element says yes.")] = 0.5,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Name bad samples and leave them out, in place of ending there.")
    ] = False,
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on where FILE says, and write there how far it has come.", metavar="FILE"),
    ] = None,
    chunk: Annotated[int | None, typer.Option(help="Samples at a time.", min=1, show_default="at most 1024")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes.", min=1, show_default="all cores")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Run on the workers of a Dask scheduler.", metavar="ADDRESS")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
) -> None:
    """Judge a model on data of any size, and say how many answers change from one side to another.

    A SIDE is a backend: ref, native, esp, esp-p4, or module:Class of yours, with arguments as in ref,rounding=single;
    or another runtime, tflm or litert. For each side: the metrics; for each two: how many elements of outputs differ,
    how many samples are decided otherwise and which, and the largest difference.

    Samples of the model's own type are taken as they are, all others as real values, which are quantised. All cores are
    at work, and no more samples in memory than are being run. With [bold]--resume[/bold] an evaluation that was killed
    goes on, and counts nothing twice.

    Exit status: 0 evaluated, 2 could not.
    """
    from ember_infer_tools.evaluate.command import run_evaluate
    from ember_infer_tools.evaluate.report import print_evaluation

    found = run_evaluate(
        model, data, labels, backend, against or (), metric or (), prepare=prepare, output=output, threshold=threshold,
        skip_bad=skip_bad, resume=resume, chunk=chunk, workers=workers, scheduler=scheduler,
    )  # fmt: skip
    conclude(
        lambda: print(json.dumps(found.to_json(), indent=2)) if as_json else print_evaluation(found, output_console()),
        found=False,
    )
