"""What ``ember-infer evaluate`` adds to :func:`evaluate`: sides and a function by name, a progress bar."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text
from typing_extensions import override

from ember_infer_tools.evaluate.errors import EvaluationError
from ember_infer_tools.evaluate.evaluation import Runs, evaluate
from ember_infer_tools.evaluate.results import Evaluation

__all__ = ["run_evaluate"]

_MODEL_SUFFIX = ".tflite"


class _Rate(ProgressColumn):
    """Samples a second."""

    @override
    def render(self, task: Task) -> Text:
        """See Rich."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} samples/s")


def run_evaluate(
    model: Path,
    data: str,
    labels: str | None,
    backends: Sequence[str],
    against: Sequence[str],
    metrics: Sequence[str],
    *,
    prepare: str | None,
    output: int,
    threshold: float,
    skip_bad: bool,
    resume: Path | None,
    chunk: int | None,
    workers: int | None,
    scheduler: str | None,
) -> Evaluation:
    """:func:`evaluate`, in processes, with a progress bar on stderr.

    Raises:
        ModelError, ValueError, KernelError: see :func:`evaluate`.
    """
    sides: dict[str, Runs] = {}
    for name in (*backends, *against):
        sides[name] = (Path(name), backends[0]) if name.endswith(_MODEL_SUFFIX) else name
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("evaluating", total=None)
        return evaluate(
            model,
            data,
            labels,
            backends=sides,
            metrics=metrics,
            prepare=None if prepare is None else _function(prepare),
            output=output,
            threshold=threshold,
            bad="skip" if skip_bad else "stop",
            resume=resume,
            chunk=chunk,
            workers=workers,
            processes=True,
            scheduler=scheduler,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )


def _function(spec: str) -> Any:
    """The function that ``module:function`` names.

    Raises:
        EvaluationError: the text has another form, or there is no such function.
    """
    module_name, colon, name = spec.partition(":")
    if not (colon and module_name and name):
        raise EvaluationError(f"--prepare {spec!r}: write module:function")
    try:
        found = getattr(importlib.import_module(module_name), name, None)
    except Exception as error:  # whatever is wrong with the user's module
        raise EvaluationError(f"--prepare {spec!r}: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise EvaluationError(f"--prepare {spec!r}: module {module_name} has no function {name}")
    return found
