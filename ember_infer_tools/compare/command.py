"""What ``ember-infer compare`` adds to :func:`compare`: samples from a file, a progress bar."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from ember_infer_tools.compare.comparison import Comparison, compare
from ember_infer_tools.compare.inputs import load_inputs

__all__ = ["compare_with_progress"]


def compare_with_progress(
    model: Path, a: str, b: str, inputs: Path | None, samples: int | None, steps: int | None, seed: int
) -> Comparison:
    """:func:`compare`, on samples from a file if there is one, with a progress bar on stderr.

    Raises:
        ModelError, ValueError: see :func:`compare`.
    """
    arrays = None if inputs is None else load_inputs(inputs)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("comparing", total=None)

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        return compare(model, a, b, arrays, samples=samples, steps=steps, seed=seed, progress=advance)
