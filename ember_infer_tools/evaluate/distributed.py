"""Pieces on the workers of a Dask scheduler, and samples that are Dask's own arrays and bags.

Workers get the job once, by a plugin that a worker which joins later, or comes up again, gets too. What a lost worker
had in hand is run again by others; sums come back in groups, merged in a tree by the workers, each group once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ember_infer_tools.evaluate.blocks import Block, Piece
from ember_infer_tools.evaluate.errors import EvaluationError, needed
from ember_infer_tools.evaluate.job import Job, close_sides, remember, run_piece
from ember_infer_tools.evaluate.local import Finished, Numbered
from ember_infer_tools.evaluate.streams import block_of
from ember_infer_tools.evaluate.sums import Sums

__all__ = ["DaskSource", "connected", "is_dask", "run_on_dask"]

_GROUP = 64  # pieces whose sums come back as one
_BRANCHES = 8  # sums that one worker adds up
_CONNECT_SECONDS = 30


@contextmanager
def connected(scheduler: Any) -> Iterator[Any]:
    """The client of a scheduler: as given, or a new one for its address.

    Raises:
        EvaluationError: nobody answers there.
    """
    distributed = needed("distributed", "a scheduler")
    if isinstance(scheduler, distributed.Client):
        yield scheduler
        return
    try:
        client = distributed.Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise EvaluationError(
            f"scheduler {scheduler}: {' '.join(str(error).split())}: is `dask scheduler` running there?"
        ) from error
    with client:
        yield client


@dataclass(frozen=True)
class _Knows:
    """What a worker does with a job: knows it from the beginning, and ends what it has started for it."""

    job: Job

    def setup(self, worker: Any) -> None:
        """When it starts, or joins."""
        remember(self.job)

    def teardown(self, worker: Any) -> None:
        """When it ends, or the evaluation does."""
        close_sides(self.job.token)


def run_on_dask(job: Job, pieces: Numbered, client: Any) -> Finished:
    """Pieces on a scheduler's workers, in groups, some groups at once.

    Raises:
        EvaluationError: a worker is lost again and again, or none is there.
    """
    distributed = needed("distributed", "a scheduler")
    plugin = type("JobPlugin", (_Knows, distributed.WorkerPlugin), {})(job)
    name = f"ember-infer-{job.token}"
    client.register_plugin(plugin, name=name)
    try:
        client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        yield from _groups(job, pieces, client, distributed)
    except (distributed.scheduler.KilledWorker, TimeoutError) as error:
        raise EvaluationError(
            f"the scheduler's workers are lost, or were never there ({type(error).__name__}): start some, give them "
            "more memory or a smaller chunk; with --resume the next run goes on from here"
        ) from error
    finally:
        client.unregister_worker_plugin(name)


def _groups(job: Job, pieces: Numbered, client: Any, distributed: Any) -> Finished:
    delayed = needed("dask", "a scheduler").delayed
    run, add = delayed(_run_piece, pure=False), delayed(_added, pure=False)
    finished = distributed.as_completed(loop=client.loop)
    numbers: dict[str, tuple[int, ...]] = {}

    def submit() -> None:
        group = list(itertools.islice(pieces, _GROUP))
        if not group:
            return
        level = [
            run(job.token, *piece.delayed()) if isinstance(piece, _DaskPiece) else run(job.token, piece)
            for _, piece in group
        ]
        while len(level) > 1:
            level = [add(level[first : first + _BRANCHES]) for first in range(0, len(level), _BRANCHES)]
        future = client.compute(level[0])
        numbers[future.key] = tuple(number for number, _ in group)
        finished.add(future)

    for _ in range(len(client.nthreads()) + 2):
        submit()
    for future in finished:
        sums = future.result()
        yield numbers.pop(future.key), sums
        submit()


def _run_piece(token: str, piece: Any, inputs: Any = None, labels: Any = None) -> Sums:
    """A piece, whose samples Dask has computed if they are Dask's."""
    return run_piece(token, piece if inputs is None else piece.block(inputs, labels))


def _added(sums: list[Sums]) -> Sums:
    """Of several; the first is no longer what it was."""
    total, *others = sums
    for one in others:
        total.add(one)
    return total


def is_dask(data: Any) -> bool:
    """Whether somebody gives a Dask array or bag, without importing Dask to find out."""
    return type(data).__module__.partition(".")[0] == "dask" and hasattr(data, "to_delayed")


@dataclass(frozen=True)
class _Place:
    """Where a partition's samples stand among all."""

    first: int
    inputs: int
    is_bag: bool

    def block(self, inputs: Any, labels: Any) -> Block:
        """The samples that Dask has computed for it."""
        if self.is_bag:
            return block_of(self.first, list(inputs), None if labels is None else list(labels), self.inputs)
        return Block(self.first, (inputs,), labels)


@dataclass(frozen=True)
class _DaskPiece:
    """A partition, not yet computed."""

    place: _Place
    inputs: Any
    labels: Any

    @property
    def first(self) -> int:
        """See :class:`Piece`."""
        return self.place.first

    def delayed(self) -> tuple[Any, ...]:
        """What Dask computes where the piece is run."""
        return self.place, self.inputs, self.labels

    def load(self) -> Block:
        """See :class:`Piece`; without a scheduler, in the thread that asks."""
        dask = needed("dask", "Dask's data")
        inputs, labels = dask.compute(self.inputs, self.labels, scheduler="synchronous")
        return self.place.block(inputs, labels)


class DaskSource:
    """A Dask array, a sample in each row, or a bag of samples. Each partition is a piece.

    Args:
        data: which.
        labels: an array or bag with as many; for a bag None where samples are ``(sample, label)``.
        inputs: of the model.

    Raises:
        EvaluationError: there are not as many labels, or a model of several inputs is given an array.
    """

    def __init__(self, data: Any, labels: Any, inputs: int) -> None:
        self._is_bag = not hasattr(data, "dtype")
        self._inputs = inputs
        if not self._is_bag and inputs != 1:
            raise EvaluationError(f"data: one Dask array for {inputs} inputs of the model: give a bag of tuples")
        tokenize = needed("dask.base", "Dask's data").tokenize
        self.identity: str = f"dask {tokenize(data, labels)}"
        self.labelled: bool = self._is_bag or labels is not None
        self._parts, self._lengths = _bag_parts(data) if self._is_bag else _array_parts(data)
        self._labels = self._label_parts(labels)
        self.count: int = sum(self._lengths)

    def _label_parts(self, labels: Any) -> list[Any]:
        if labels is None:
            return [None] * len(self._parts)
        if is_dask(labels) and self._is_bag and not hasattr(labels, "dtype"):
            parts, lengths = _bag_parts(labels)
            if lengths != self._lengths:
                raise EvaluationError("labels: the bag's partitions hold other numbers than those of the samples")
            return parts
        if len(labels) != sum(self._lengths):
            raise EvaluationError(f"labels: {len(labels)} for {sum(self._lengths)} samples")
        if is_dask(labels):
            return _array_parts(labels.rechunk({0: tuple(self._lengths)}))[0]
        ends = list(itertools.accumulate(self._lengths))
        array = np.asarray(labels)
        return [array[end - length : end] for end, length in zip(ends, self._lengths, strict=True)]

    def pieces(self, size: int) -> Iterator[Piece]:
        """See :class:`Source`; partitions are as large as they are."""
        first = 0
        for part, labels, length in zip(self._parts, self._labels, self._lengths, strict=True):
            yield _DaskPiece(_Place(first, self._inputs, self._is_bag), part, labels)
            first += length


def _array_parts(array: Any) -> tuple[list[Any], list[int]]:
    """Partitions along the first axis, and how many samples each holds."""
    array = array.rechunk(dict.fromkeys(range(1, array.ndim), -1))
    if any(size != size for size in array.chunks[0]):  # NaN: Dask does not know them
        array = array.compute_chunk_sizes()
    return list(array.to_delayed().reshape(-1)), [int(size) for size in array.chunks[0]]


def _bag_parts(bag: Any) -> tuple[list[Any], list[int]]:
    """Partitions, and how many samples each holds, which only counting tells."""
    lengths = bag.map_partitions(_count).compute()
    return list(bag.to_delayed()), [int(length) for length in lengths]


def _count(samples: Any) -> list[int]:
    return [sum(1 for _ in samples)]
