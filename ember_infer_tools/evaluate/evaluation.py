"""One model, or several, judged on data of any size by several sides at once."""

from __future__ import annotations

import math
import os
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

from ember_infer_core.backend import KernelBackend
from ember_infer_native.library import default_threads
from ember_infer_tools.compare.interpreters import RUNTIMES
from ember_infer_tools.evaluate.blocks import Source
from ember_infer_tools.evaluate.data import open_source
from ember_infer_tools.evaluate.distributed import DaskSource, connected, is_dask, run_on_dask
from ember_infer_tools.evaluate.errors import EvaluationError
from ember_infer_tools.evaluate.job import Job, close_sides, remember
from ember_infer_tools.evaluate.journal import open_journal
from ember_infer_tools.evaluate.local import Finished, Numbered, process_pool, run_here, run_on_executor
from ember_infer_tools.evaluate.models import Model, check_models, read_model
from ember_infer_tools.evaluate.plan import make_plan
from ember_infer_tools.evaluate.prepare import Prepare
from ember_infer_tools.evaluate.results import Evaluation, results
from ember_infer_tools.evaluate.sides import SideSpec

__all__ = ["Model", "Progress", "Runs", "evaluate"]

# A backend, its name, or a runtime's; with another model before it where it runs that.
Runs: TypeAlias = str | KernelBackend | tuple[Model, str | KernelBackend]
# Called with samples done and all samples, None where nobody knows.
Progress: TypeAlias = Callable[[int, int | None], object]

_MOST_SAMPLES = 1024
_MOST_BYTES = 16 << 20


def evaluate(
    model: Model,
    data: Any,
    labels: Any = None,
    *,
    backends: Mapping[str, Runs],
    metrics: Sequence[str] = (),
    prepare: Prepare | None = None,
    output: int = 0,
    threshold: float = 0.5,
    bad: str = "stop",
    resume: str | os.PathLike[str] | None = None,
    chunk: int | None = None,
    workers: int | None = None,
    processes: bool = False,
    executor: Executor | None = None,
    scheduler: Any = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Runs all samples on all sides, and sums up how good each side is and how much each two differ.

    No more samples are in memory than are at work. Of these sums only counts, the first differing samples and what the
    metrics need are kept.

    Args:
        model: a model class, a path, or bytes.
        data: the path of a ``.npy``, ``.npz`` or ``.parquet`` file or of a folder of ``.wav``, ``.bmp`` and ``.png``
            files; an array, a list of arrays for a model of several inputs; a Dask array or bag; or any iterable of
            samples, or of ``(sample, label)``. What has an input's own type is taken as it is, all else as real values.
        labels: a path, the name of the data's own array or column, an array, an iterable; None for what the data bring.
            Classes, from 0; real values for ``mae``.
        backends: the sides by name: a backend, its name, ``tflm`` or ``litert``; ``(other model, backend)`` for another
            model.
        metrics: ``accuracy``, ``top-K``, ``confusion``, ``auc``; or ``mae``.
        prepare: your own preprocessing, of one sample (of one value for each input of a model that has several).
        output: number of the output that metrics and decisions look at.
        threshold: the real value from which an output of one element is class 1.
        bad: ``stop`` at a bad sample, or ``skip`` those.
        resume: a file to go on from, and to write how far it has come.
        chunk: samples at a time; by default at most 1024, and 16 MB.
        workers: threads or processes; by default a thread for each core.
        processes: processes in place of threads: for backends that hold the GIL, such as RefBackend.
        executor: where pieces run, in place of threads of ours.
        scheduler: a Dask client, or the address of a scheduler, in place of this machine.
        progress: called with samples done and all samples, None where nobody knows.

    Raises:
        ModelError: a model cannot be read, or is not supported.
        EvaluationError: names what is wrong with the data, a sample (:class:`BadSample`) or an argument.
        ComparisonError: another runtime is not there, or refuses a model.
        KernelError: a backend cannot run a model.
    """
    started = time.monotonic()
    _check(bad, chunk, workers, backends)
    job = _job(model, backends, metrics, output, threshold, bad == "skip", prepare)
    inputs = job.models[0].inputs
    source = _source(data, labels, len(inputs))
    if job.labelled and not source.labelled:
        raise EvaluationError(f"labels: {', '.join(metrics)} needs one for each sample: give --labels, or labels=")
    if source.count == 0:
        raise EvaluationError("data: there are no samples")
    size = chunk or max(1, min(_MOST_SAMPLES, _MOST_BYTES // max(1, 4 * sum(port.length for port in inputs))))
    path = None if resume is None else Path(resume)
    with ExitStack() as stack:
        journal = stack.enter_context(open_journal(path, _identity(job, source, size), job.plan, len(job.sides)))
        stack.callback(close_sides, remember(job).token)
        resumed = journal.total.samples + journal.total.skipped
        pieces = ((number, piece) for number, piece in enumerate(source.pieces(size)) if number not in journal)
        cores = workers or default_threads()
        if source.count is not None:
            cores = min(cores, math.ceil(source.count / size))
        if progress is not None:
            progress(resumed, source.count)
        for numbers, sums in _finished(stack, job, pieces, cores, processes, executor, scheduler):
            journal.add(numbers, sums)
            if progress is not None:
                progress(journal.total.samples + journal.total.skipped, source.count)
        total = journal.total
    if not total.samples:
        raise EvaluationError(
            f"data: none of the {total.skipped} samples can be evaluated: {next(iter(total.bad), '')}"
        )
    elements = sum(port.length for port in job.models[0].outputs)
    names = [side.name for side in job.sides]
    return results(job.models[0].name, job.plan, names, elements, total, resumed, time.monotonic() - started)


def _finished(
    stack: ExitStack,
    job: Job,
    pieces: Numbered,
    workers: int,
    processes: bool,
    executor: Executor | None,
    scheduler: Any,
) -> Finished:
    """Runs pieces where they are to run."""
    if scheduler is not None:
        return run_on_dask(job, pieces, stack.enter_context(connected(scheduler)))
    if executor is not None:
        return run_on_executor(job, pieces, executor, 2 * workers)
    if workers == 1:
        return run_here(job, pieces)
    pool = process_pool(job, workers) if processes else ThreadPoolExecutor(workers)
    stack.callback(pool.shutdown, cancel_futures=True)
    return run_on_executor(job, pieces, pool, 2 * workers, known=True)


def _check(bad: str, chunk: int | None, workers: int | None, backends: Mapping[str, Runs]) -> None:
    if bad not in ("stop", "skip"):
        raise EvaluationError(f"bad={bad!r}: write 'stop' or 'skip'")
    for name, number in (("chunk", chunk), ("workers", workers)):
        if number is not None and number < 1:
            raise EvaluationError(f"{name}={number}: a whole number from 1 up is wanted")
    if not backends:
        raise EvaluationError("backends: name at least one, such as {'native': 'native'}")


def _source(data: Any, labels: Any, inputs: int) -> Source:
    return DaskSource(data, labels, inputs) if is_dask(data) else open_source(data, labels, inputs)


def _job(
    model: Model,
    backends: Mapping[str, Runs],
    metrics: Sequence[str],
    output: int,
    threshold: float,
    skip: bool,
    prepare: Prepare | None,
) -> Job:
    models = [read_model(model)]
    sides = []
    for name, runs in backends.items():
        own, backend = runs if isinstance(runs, tuple) else (None, runs)
        number = 0
        if own is not None:
            read = read_model(own)
            if read not in models:
                models.append(read)
            number = models.index(read)
        if isinstance(backend, str) and backend in RUNTIMES:
            RUNTIMES[backend].check_installed()
        sides.append(SideSpec(name, backend, number))
    check_models(models)
    plan = make_plan(metrics, output, [port.length for port in models[0].outputs], threshold)
    return Job(tuple(models), tuple(sides), plan, skip, prepare, uuid.uuid4().hex)


def _identity(job: Job, source: Source, size: int) -> dict[str, str]:
    """What must be the same for figures to be added up."""
    function = job.prepare
    named = "" if function is None else getattr(function, "__qualname__", type(function).__qualname__)
    return {
        "models": " ".join(model.digest for model in job.models),
        "backends": "; ".join(f"{side.name}={_named(side.runs)}@{side.model}" for side in job.sides),
        "metrics": repr(job.plan),
        "data": source.identity,
        "chunk": str(size),
        "bad samples": "skip" if job.skip else "stop",
        "prepare": f"{getattr(function, '__module__', '')}:{named}",
    }


def _named(runs: str | KernelBackend) -> str:
    """A backend in words that are the same in the next process."""
    if isinstance(runs, str):
        return runs
    kind = type(runs)
    return f"{kind.__module__}.{kind.__qualname__}" if kind.__repr__ is object.__repr__ else repr(runs)
