"""Threads, processes, any executor: the same figures; and one that has ended says so."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

from ember_infer_tools.evaluate import Evaluation, EvaluationError, evaluate
from ember_infer_tools.evaluate import job as jobs
from ember_infer_tools.evaluate.evaluation import Runs
from tests.conftest import REPOSITORY
from tests.tools.evaluate.functions import Turned, die
from tests.tools.evaluate.helpers import DIGITS, HELD_OUT, held_out

METRICS = ["accuracy", "top-3", "confusion"]


def judged(data: Any, labels: Any = None, **options: Any) -> Evaluation:
    sides: dict[str, Runs] = {"ref": "ref", "turned": Turned()}
    return replace(evaluate(DIGITS, data, labels, backends=sides, metrics=METRICS, chunk=40, **options), seconds=0)


@pytest.fixture(scope="module")
def expected() -> Evaluation:
    return judged(HELD_OUT, workers=1)


def test_threads(expected: Evaluation) -> None:
    assert judged(HELD_OUT, workers=3) == expected


def test_processes_read_files_themselves(expected: Evaluation) -> None:
    assert judged(HELD_OUT, workers=2, processes=True) == expected


def test_any_executor(expected: Evaluation) -> None:
    with ThreadPoolExecutor(2) as threads:
        assert judged(HELD_OUT, executor=threads) == expected
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        assert judged(*held_out(), executor=processes) == expected


def test_other_runtimes_on_threads_have_processes_of_their_own_that_end(tflm_wheel: None) -> None:
    found = evaluate(DIGITS, HELD_OUT, backends={"tflm": "tflm"}, metrics=METRICS, chunk=40, workers=3)
    assert found.samples == 364
    assert not jobs._idle
    assert not jobs._jobs


def test_an_executor_s_processes_keep_the_last_jobs_alone() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        for _ in range(4):
            evaluate(DIGITS, held_out()[0][:2], backends={"ref": "ref"}, executor=processes)
        assert processes.submit(jobs_kept).result() == 2


def jobs_kept() -> int:
    return len(jobs._jobs)


def test_no_more_is_taken_of_a_stream_than_is_at_work() -> None:
    taken = 0
    most = 0

    def stream() -> Any:
        nonlocal taken
        for image in np.tile(held_out()[0], (4, 1, 1)):
            taken += 1
            yield image

    def seen(done: int, total: int | None) -> None:
        nonlocal most
        most = max(most, taken - done)

    judged_stream = evaluate(DIGITS, stream(), backends={"ref": "ref"}, chunk=10, workers=2, progress=seen)
    assert judged_stream.samples == 4 * 364
    assert 0 < most <= 50


def test_a_function_that_cannot_be_sent_is_told() -> None:
    with pytest.raises(EvaluationError, match="must be of a module"):
        judged(HELD_OUT, workers=2, processes=True, prepare=lambda image: image)


def test_a_worker_that_is_killed_is_told() -> None:
    with pytest.raises(EvaluationError, match="a worker process was stopped"):
        judged(HELD_OUT, workers=2, processes=True, prepare=die)


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for the most memory of a process")
def test_memory_does_not_grow_with_the_data() -> None:
    """Of 40,000 samples, 160 MB, no more is there at once than of 10,000, where every worker has had its share."""
    most = [int(python(_MEMORY, str(samples))) for samples in (10_000, 40_000)]
    assert most[1] < most[0] + 40_000


_MEMORY = """
import re, sys
from pathlib import Path
import numpy as np
from ember_infer_tools.evaluate import evaluate
from tests.support.one_operator import one_operator, tensor

model = one_operator("RELU", [tensor((1, 4096))], tensor((1, 4096)))
samples = (np.full(4096, number % 100, np.int8) for number in range(int(sys.argv[1])))
evaluate(model, samples, backends={"a": "ref", "b": "ref"}, workers=2)
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, cwd=REPOSITORY
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
