"""What ``ember-infer bench`` adds to :func:`bench`: which backends and runtimes, from text or from what is there."""

from __future__ import annotations

import functools
import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import CompilerNotFound
from ember_infer_tools.bench.bench import AGAINST, STEPS, Bench, bench
from ember_infer_tools.compare.interpreters import RUNTIMES
from ember_infer_tools.specs import full_name, load_backend

__all__ = ["run_bench"]

_BACKENDS = ("ember_infer_ref:RefBackend", "ember_infer_native:NativeBackend")
_NONE = "none"


def run_bench(
    model: Path, specs: Sequence[str], against: str | None, turns: int, per_layer: bool, steps: int = STEPS
) -> Bench:
    """:func:`bench`, of the backends and runtimes that are named, or else of those that are there and run the model.

    Args:
        model: a .tflite file.
        specs: backends as ``module:Class``; none means RefBackend and, where there is a C compiler, NativeBackend.
        against: names of other runtimes with commas between them, ``none``, or None for those that are installed.
        turns: see :func:`bench`.
        per_layer: see :func:`bench`.
        steps: see :func:`bench`.

    Raises:
        ValueError: a name is not known; see :func:`bench` for the rest.
    """
    others = _runtimes(against)
    time = functools.partial(
        bench, model, against=others, turns=turns, per_layer=per_layer, steps=steps, leave_out=against is None
    )
    if specs:
        return time(_named_backends(specs))
    try:
        return time(_named_backends(_BACKENDS))
    except CompilerNotFound as error:
        warnings.warn(f"NativeBackend is left out: {error}", stacklevel=2)
        return time(_named_backends(_BACKENDS[:1]))


def _named_backends(specs: Sequence[str]) -> Mapping[str, KernelBackend]:
    """By the part of the text that tells them apart."""
    specs = [full_name(spec) for spec in specs]
    short = [spec.partition(":")[2] for spec in specs]
    names = short if len(set(short)) == len(short) else list(specs)
    return {name: load_backend(spec) for name, spec in zip(names, specs, strict=True)}


def _runtimes(against: str | None) -> tuple[str, ...]:
    if against is None:
        return tuple(kind for kind in AGAINST if importlib.util.find_spec(RUNTIMES[kind].module) is not None)
    named = [name.strip() for name in against.split(",") if name.strip()]
    if named == [_NONE]:
        return ()
    unknown = [name for name in named if name not in AGAINST]
    if unknown or not named:
        raise ValueError(f"--against {against!r}: write {', '.join(AGAINST)}, both with a comma between them, or none")
    return tuple(dict.fromkeys(named))
