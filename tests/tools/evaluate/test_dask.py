"""On a real scheduler with worker processes over TCP: the same figures as here, even where a worker is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_tools.evaluate import BadSample, Evaluation, EvaluationError, evaluate
from ember_infer_tools.evaluate import job as jobs
from tests.support.effort import DEEP
from tests.tools.evaluate.functions import synthetic
from tests.tools.evaluate.helpers import DIGITS, HELD_OUT, held_out, needs

METRICS = ["accuracy", "top-3", "confusion"]
WORKERS = 4 if DEEP else 2
SYNTHETIC = 1_000_000


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Of a scheduler with worker processes."""
    distributed = needs("distributed")
    with (
        distributed.LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, protocol="tcp://", dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


def judged(data: Any, labels: Any = None, **options: Any) -> Evaluation:
    arguments: dict[str, Any] = {"backends": {"a": "ref", "b": "ref,rounding=float"}, "metrics": METRICS, "chunk": 13}
    return replace(evaluate(DIGITS, data, labels, **{**arguments, **options}), seconds=0, resumed=0)


@pytest.fixture(scope="module")
def expected() -> Evaluation:
    return judged(HELD_OUT)


def test_files_arrays_and_streams_go_to_the_workers(client: Any, expected: Evaluation) -> None:
    assert judged(HELD_OUT, scheduler=client) == expected
    assert judged(*held_out(), scheduler=client.scheduler.address) == expected
    assert judged(zip(*held_out(), strict=True), scheduler=client) == expected


def test_arrays_of_dask(client: Any, expected: Evaluation) -> None:
    arrays = needs("dask.array")
    images, labels = held_out()
    lazy = arrays.from_array(images, chunks=(100, 4, 8))
    assert judged(lazy, arrays.from_array(labels, chunks=30), scheduler=client) == expected
    assert judged(lazy, labels, scheduler=client) == expected
    assert judged(lazy, labels) == expected
    some = lazy[lazy.max(axis=(1, 2)) >= 0]  # of a length that Dask does not know
    assert judged(some, labels) == expected
    with pytest.raises(EvaluationError, match="labels: 363 for 364 samples"):
        judged(lazy, labels[1:])


def test_bags_of_dask(client: Any, expected: Evaluation) -> None:
    bag = needs("dask.bag")
    images, labels = held_out()
    pairs = bag.from_sequence(list(zip(images, labels, strict=True)), npartitions=5)
    assert judged(pairs, scheduler=client) == expected
    samples, classes = (bag.from_sequence(list(part), npartitions=5) for part in (images, labels))
    assert judged(samples, classes) == expected


def test_a_bad_sample_is_named_from_afar(client: Any) -> None:
    images, labels = held_out()
    wrong = np.where(np.arange(364) == 250, 10, labels.astype(int))
    with pytest.raises(BadSample, match=r"^sample 250: label 10: the model tells 10 classes apart"):
        judged(images, wrong, scheduler=client)
    found = judged(images, wrong, scheduler=client, bad="skip")
    assert [bad.sample for bad in found.bad] == [250]


def test_the_client_s_executor_will_do_too(client: Any, expected: Evaluation) -> None:
    with client.get_executor() as executor:
        assert judged(HELD_OUT, executor=executor) == expected


def test_workers_forget_the_job(client: Any) -> None:
    before = client.run(lambda: sorted(jobs._jobs))
    judged(HELD_OUT, scheduler=client)
    assert client.run(lambda: sorted(jobs._jobs)) == before
    assert client.run(lambda: set(jobs._idle) <= set(jobs._jobs)) == dict.fromkeys(before, True)


def test_it_goes_on_on_a_scheduler_where_it_stood(client: Any, expected: Evaluation, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, total: int | None) -> None:
        if done > 100:
            raise Stopped

    kept = tmp_path / "run.json"
    with pytest.raises(Stopped):
        judged(HELD_OUT, resume=kept, progress=stop)
    assert judged(HELD_OUT, resume=kept, scheduler=client) == expected


def test_nobody_at_an_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    needs("distributed")
    monkeypatch.setattr("ember_infer_tools.evaluate.distributed._CONNECT_SECONDS", 0.2)
    with pytest.raises(EvaluationError, match="is `dask scheduler` running there") as told:
        judged(HELD_OUT, scheduler="tcp://127.0.0.1:9")
    assert "\n" not in str(told.value)


def test_a_scheduler_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = needs("distributed")
    monkeypatch.setattr("ember_infer_tools.evaluate.distributed._CONNECT_SECONDS", 1)
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
        pytest.raises(EvaluationError, match="the scheduler's workers are lost, or were never there"),
    ):
        judged(HELD_OUT, scheduler=client)


def drawn(samples: int, partition: int) -> tuple[Any, Any]:
    """Noisy digits as Dask arrays: each partition is drawn where it is run."""
    arrays = needs("dask.array")
    starts = arrays.arange(0, samples, partition, chunks=1)
    chunks = tuple(min(partition, samples - first) for first in range(0, samples, partition))
    both = starts.map_blocks(
        synthetic,
        partition,
        samples,
        dtype=np.float32,
        chunks=(chunks, (65,)),
        new_axis=1,
        meta=np.zeros((0, 65), "f4"),
    )
    return both[:, :64], both[:, 64]


def kill_a_worker_amid(client: Any, killed: list[int], done: int) -> Any:
    """A function for progress: kills a worker process once so many samples are done."""

    def progress(samples: int, total: int | None) -> None:
        if samples >= done and not killed:
            pid = next(iter(client.run(os.getpid).values()))
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    return progress


@pytest.mark.parametrize("samples", [SYNTHETIC if DEEP else 4_000])
def test_a_killed_worker_costs_and_doubles_no_sample(client: Any, samples: int) -> None:
    images, labels = drawn(samples, 1000 if DEEP else 10)
    options: dict[str, Any] = {"metrics": ["confusion"]}
    if DEEP:
        options["backends"] = {"a": "native", "b": "native,target=portable"}
    alone = judged(images, labels, **options)
    killed: list[int] = []
    together = judged(
        images, labels, scheduler=client, progress=kill_a_worker_amid(client, killed, samples // 5), **options
    )
    assert killed
    assert together == alone
    assert alone.samples == samples
    assert np.sum(next(iter(alone.sides)).metrics["confusion"]) == samples
