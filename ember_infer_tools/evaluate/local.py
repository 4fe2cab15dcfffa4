"""Pieces on one machine: here, on threads, in processes, or on any executor."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from typing import TypeAlias

from ember_infer_tools.evaluate.blocks import Piece
from ember_infer_tools.evaluate.errors import EvaluationError
from ember_infer_tools.evaluate.job import Job, remember, run_piece
from ember_infer_tools.evaluate.sums import Sums

__all__ = ["Finished", "Numbered", "process_pool", "run_here", "run_on_executor"]

# Pieces with their numbers, and the numbers of finished ones with their sums.
Numbered: TypeAlias = Iterator[tuple[int, Piece]]
Finished: TypeAlias = Iterator[tuple[tuple[int, ...], Sums]]


def run_here(job: Job, pieces: Numbered) -> Finished:
    """One piece after the other, in this thread."""
    for number, piece in pieces:
        yield (number,), run_piece(job, piece)


def run_on_executor(job: Job, pieces: Numbered, executor: Executor, waiting: int, known: bool = False) -> Finished:
    """Pieces on an executor, no more than so many at once: what is not at work yet is not in memory yet.

    Args:
        job: the evaluation.
        pieces: what to run.
        executor: where; as its user made it.
        waiting: how many pieces it is given before the first is finished.
        known: whether the executor's workers know the job.

    Raises:
        EvaluationError: a worker has ended, or what it is to run cannot be sent to it.
    """
    sent: Job | str = job.token if known else job
    running: dict[Future[Sums], int] = {}
    try:
        while True:
            for number, piece in itertools.islice(pieces, waiting - len(running)):
                running[executor.submit(run_piece, sent, piece)] = number
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                sums = future.result()
                yield (running.pop(future),), sums
    except BrokenExecutor as error:
        raise EvaluationError(
            "a worker process was stopped (is there memory enough?): with --resume the next run goes on from here"
        ) from error
    except (pickle.PicklingError, AttributeError) as error:
        raise EvaluationError(
            f"a process cannot be sent what it is to do ({error}): prepare= and backends must be of a module"
        ) from error
    finally:
        for future in running:
            future.cancel()


def process_pool(job: Job, workers: int) -> Executor:
    """Processes that know the job, and end with this one, even where that is killed."""
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=spawn, initializer=_begin, initargs=(job,))


def _begin(job: Job) -> None:
    remember(job)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
