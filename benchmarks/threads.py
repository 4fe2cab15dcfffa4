"""How much faster two threads are than one, each with a session of its own."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence

__all__ = ["scaling"]

_SECONDS = 0.05


def scaling(runs: Sequence[Callable[[], object]], rounds: int = 15) -> tuple[float, float]:
    """Inferences a second of all ``runs`` at once, each in its thread, over those of the first alone.

    Returns:
        The median over rounds, and the best round: other load on the machine only ever lowers it.
    """
    runs[0]()
    start = time.perf_counter()
    runs[0]()
    repeats = max(2, round(_SECONDS / max(time.perf_counter() - start, 1e-7)))
    ratios = []
    for _ in range(rounds):
        alone = _seconds(runs[:1], repeats)
        ratios.append(len(runs) * alone / _seconds(runs, repeats))
    return statistics.median(ratios), max(ratios)


def _seconds(runs: Sequence[Callable[[], object]], repeats: int) -> float:
    """From the moment all threads are there until the last is done."""
    ready = threading.Barrier(len(runs) + 1)

    def work(run: Callable[[], object]) -> None:
        ready.wait()
        for _ in range(repeats):
            run()

    threads = [threading.Thread(target=work, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    ready.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start
