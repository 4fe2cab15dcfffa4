"""One evaluation as it is sent to whoever runs a part of it, and what they do with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ember_infer_core.errors import KernelError
from ember_infer_core.slots import AnyArray
from ember_infer_tools.evaluate.blocks import Bad, Block, Piece, Values
from ember_infer_tools.evaluate.errors import EvaluationError
from ember_infer_tools.evaluate.judge import judge
from ember_infer_tools.evaluate.models import ModelBytes
from ember_infer_tools.evaluate.plan import Plan
from ember_infer_tools.evaluate.prepare import Prepare, checked_labels, model_inputs, prepared
from ember_infer_tools.evaluate.sides import OpenSide, SideSpec, open_side
from ember_infer_tools.evaluate.sums import SHOWN, Sums

__all__ = ["BadSample", "Job", "close_sides", "remember", "run_piece"]

# What a sample may be refused for.
_REFUSALS = (ValueError, KernelError)


class BadSample(EvaluationError):
    """A sample that cannot be evaluated, where none may be skipped."""


@dataclass(frozen=True)
class Job:
    """An evaluation.

    Attributes:
        models: each once.
        sides: in the order of reports.
        plan: what is summed up.
        skip: whether a bad sample is skipped; otherwise it ends the evaluation.
        prepare: the user's own preprocessing.
        token: what tells jobs apart in a process that runs several.
    """

    models: tuple[ModelBytes, ...]
    sides: tuple[SideSpec, ...]
    plan: Plan
    skip: bool
    prepare: Prepare | None
    token: str

    @property
    def labelled(self) -> bool:
        """Whether labels are needed."""
        return bool(self.plan.metrics)


_jobs: dict[str, Job] = {}
_idle: dict[str, list[list[OpenSide]]] = {}
_guests: list[str] = []
_lock = threading.Lock()
_MOST_GUESTS = 2


def remember(job: Job) -> Job:
    """Keeps a job, so that a piece may be sent with its token alone; the one that is kept already where there is one,
    for models have been read there.
    """
    with _lock:
        return _jobs.setdefault(job.token, job)


def _welcome(job: Job) -> Job:
    """:func:`remember`, where nobody will say that the job is done, as in the processes of somebody else's executor: of
    such jobs the last few are kept.
    """
    with _lock:
        known = job.token in _jobs
        if not known:
            _guests.append(job.token)
        leaving = _guests.pop(0) if len(_guests) > _MOST_GUESTS else None
    if leaving is not None:
        close_sides(leaving)
    return remember(job)


def close_sides(token: str) -> None:
    """Forgets a job, and ends what was started for it."""
    with _lock:
        _jobs.pop(token, None)
        idle = _idle.pop(token, [])
    for sides in idle:
        _close(sides)


def _close(sides: Sequence[OpenSide]) -> None:
    for side in sides:
        side.close()


@contextmanager
def _borrowed(job: Job) -> Iterator[list[OpenSide]]:
    """All sides, for one thread: those that another piece has left, or new ones. After an error they are closed: an
    interpreter may have gone with it.
    """
    with _lock:
        idle = _idle.get(job.token)
        sides = idle.pop() if idle else None
    if sides is None:
        sides = []
        try:
            for spec in job.sides:
                sides.append(open_side(spec, job.models[spec.model]))
        except BaseException:
            _close(sides)
            raise
    try:
        yield sides
    except BaseException:
        _close(sides)
        raise
    with _lock:
        if job.token in _jobs:
            _idle.setdefault(job.token, []).append(sides)
            return
    _close(sides)


def run_piece(job: Job | str, piece: Piece) -> Sums:
    """Evaluates some samples.

    Args:
        job: the evaluation, or the token of one that :func:`remember` has been given.
        piece: the samples.

    Raises:
        BadSample: a sample is bad, and none may be skipped.
        ComparisonError, KernelError: a side cannot run the model.
    """
    known = _jobs[job] if isinstance(job, str) else _welcome(job)
    block = piece.load()
    ready, bad = _ready(known, block)
    _stop(known, bad)
    with _borrowed(known) as sides:
        sums, failed = _answered(known, sides, ready)
    _stop(known, failed)
    sums.bad = sorted([*bad, *failed], key=lambda one: one.sample)[:SHOWN]
    sums.skipped = len(bad) + len(failed)
    return sums


def _stop(job: Job, bad: Sequence[Bad]) -> None:
    if bad and not job.skip:
        first = min(bad, key=lambda one: one.sample)
        raise BadSample(f"{first} (mend it, or leave bad samples out: --skip-bad, bad='skip')")


@dataclass(frozen=True)
class _Ready:
    """Samples that every model takes.

    Attributes:
        inputs: of each model, for each of its inputs.
        labels: for each sample; None where nobody needs them.
        samples: numbers and names.
    """

    inputs: tuple[tuple[AnyArray, ...], ...]
    labels: AnyArray | None
    samples: list[tuple[int, str]]

    def only(self, place: int) -> _Ready:
        """One of the samples."""
        row = slice(place, place + 1)
        labels = None if self.labels is None else self.labels[row]
        return _Ready(tuple(tuple(one[row] for one in model) for model in self.inputs), labels, self.samples[row])


def _ready(job: Job, block: Block) -> tuple[_Ready, list[Bad]]:
    """All at once; one by one where that fails, to tell which is at fault."""
    if job.labelled and block.labels is None:
        raise EvaluationError(f"labels: {', '.join(job.plan.metrics)} needs one for each sample: --labels, labels=")
    block, bad = prepared(block, job.prepare)
    _check_quantised(job, block)
    try:
        return _converted(job, block, range(len(block))), bad
    except _REFUSALS:
        pass
    kept = []
    for place in range(len(block)):
        reason = _refusal(job, block, place)
        if reason is None:
            kept.append(place)
        else:
            bad.append(block.bad(place, reason))
    return _converted(job, block, kept), bad


def _refusal(job: Job, block: Block, place: int) -> str | None:
    """Why a sample cannot be evaluated."""
    try:
        _converted(job, block, [place])
    except _REFUSALS as error:
        return str(error)
    return None


def _check_quantised(job: Job, block: Block) -> None:
    """What is quantised already is so for one model; another one may mean other values by it."""
    for index, values in enumerate(block.inputs):
        if not len(values):
            continue
        dtype = np.asarray(values[0]).dtype
        ports = [model.inputs[index] for model in job.models]
        quants = {port.quant for port in ports if port.dtype == dtype}
        if len(quants) > 1 or (quants - {None} and any(port.dtype != dtype for port in ports)):
            raise EvaluationError(f"data: {dtype} is quantised for one of the models alone: give real values (float32)")


def _converted(job: Job, block: Block, places: Sequence[int]) -> _Ready:
    """Some samples of a block.

    Raises:
        ValueError, KernelError: one of them is no sample of every model, or has no label.
    """
    whole = len(places) == len(block)
    columns = [values if whole else _chosen(values, places) for values in block.inputs]
    inputs = tuple(
        tuple(model_inputs(values, port) for values, port in zip(columns, model.inputs, strict=True))
        for model in job.models
    )
    labels = None
    if job.labelled and block.labels is not None:
        given = block.labels if whole else _chosen(block.labels, places)
        labels = checked_labels(given, job.plan, job.plan.length)
    return _Ready(inputs, labels, [(block.number(place), block.name(place)) for place in places])


def _chosen(values: Values, places: Sequence[int]) -> Values:
    return values[list(places)] if isinstance(values, np.ndarray) else [values[place] for place in places]


def _answered(job: Job, sides: Sequence[OpenSide], ready: _Ready) -> tuple[Sums, list[Bad]]:
    """Sums of all samples that every side answers, and the others."""
    sums = Sums.empty(job.plan, len(sides))
    if not ready.samples:
        return sums, []
    try:
        return _judged(job, sides, ready), []
    except KernelError:
        bad = []
    for place, (number, name) in enumerate(ready.samples):
        try:
            sums.add(_judged(job, sides, ready.only(place)))
        except KernelError as error:  # noqa: PERF203 - this one has no answer, and the next one may
            bad.append(Bad(number, name, " ".join(str(error).split())))
    return sums, bad


def _judged(job: Job, sides: Sequence[OpenSide], ready: _Ready) -> Sums:
    answers = [side.run(ready.inputs[spec.model]) for side, spec in zip(sides, job.sides, strict=True)]
    return judge(job.plan, [job.models[spec.model].outputs for spec in job.sides], answers, ready.labels, ready.samples)
