"""Options that several commands have, and what a shell offers for their values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

__all__ = [
    "InputsOption",
    "SamplesOption",
    "SeedOption",
    "StepsOption",
    "complete_backend",
    "complete_runner",
    "complete_side",
]

InputsOption: TypeAlias = Annotated[
    Path | None, typer.Option(help="Samples in the model's own types, .npy or .npz, one in each row.")
]
SamplesOption: TypeAlias = Annotated[
    int | None, typer.Option(help="How many random inputs, without --inputs.", min=1, show_default="4")
]
StepsOption: TypeAlias = Annotated[
    int | None, typer.Option(help="The same for a model that keeps state.", min=1, show_default="64")
]
SeedOption: TypeAlias = Annotated[int, typer.Option(help="Seed of the random inputs.", min=0)]

_RUNTIMES = ("tflm", "litert")


def complete_backend(incomplete: str) -> list[str]:
    """Backends of this project that begin so."""
    from ember_infer_tools.specs import SHORT_NAMES  # with which NumPy comes, and a command may have to set it up

    return [name for name in SHORT_NAMES if name.startswith(incomplete)]


def complete_runner(incomplete: str) -> list[str]:
    """Backends, and other runtimes."""
    return [*complete_backend(incomplete), *(name for name in _RUNTIMES if name.startswith(incomplete))]


def complete_side(incomplete: str) -> list[str]:
    """Whoever can be a side of a comparison: dumps of a device, too."""
    return [*complete_runner(incomplete), *(["dumps:"] if "dumps:".startswith(incomplete) else [])]
