"""What ``ember-infer evaluate`` adds to :func:`evaluate`: sides and a function by name, a progress bar."""

from __future__ import annotations

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
from ember_infer_tools.specs import import_named

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
        ModelError, ValueError, KernelError: see :func:`evaluate`; and a side is named twice.
    """
    sides: dict[str, Runs] = {}
    for name in (*backends, *against):
        if name in sides:
            raise EvaluationError(f"{name} is named twice (--backend, --against): name each side once")
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
        ValueError: the text has another form, or there is no such function.
    """
    found = import_named(spec, "--prepare", "module:function", "function ")
    if not callable(found):
        raise EvaluationError(f"--prepare {spec!r}: it is no function")
    return found
