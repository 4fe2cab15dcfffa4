"""An evaluation that was killed goes on: nothing is counted twice, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_native.file_lock import file_lock
from ember_infer_tools.evaluate import Evaluation, EvaluationError, evaluate
from ember_infer_tools.evaluate.sums import PairSums
from tests.conftest import REPOSITORY
from tests.tools.evaluate.helpers import DIGITS, HELD_OUT, held_out

METRICS = ["accuracy", "top-3", "confusion"]


class Stopped(Exception):
    pass


def judged(resume: Path | None, data: Any = HELD_OUT, **options: Any) -> Evaluation:
    arguments: dict[str, Any] = {"backends": {"a": "ref", "b": "ref,rounding=float"}, "metrics": METRICS, "chunk": 40}
    found = evaluate(DIGITS, data, resume=resume, **{**arguments, **options})
    return replace(found, seconds=0, resumed=0)


def stop_after(samples: int) -> Any:
    def progress(done: int, total: int | None) -> None:
        assert total == 364
        if done >= samples:
            raise Stopped

    return progress


@pytest.mark.parametrize("workers", [1, 3])
def test_it_goes_on_where_it_stood(tmp_path: Path, workers: int) -> None:
    kept = tmp_path / "run.json"
    for samples in (80, 200):
        with pytest.raises(Stopped):
            judged(kept, workers=workers, progress=stop_after(samples))
    last = evaluate(
        DIGITS, HELD_OUT, resume=kept, backends={"a": "ref", "b": "ref,rounding=float"}, metrics=METRICS, chunk=40
    )
    assert 200 <= last.resumed < 364
    assert replace(last, seconds=0, resumed=0) == judged(None)


def test_what_is_finished_is_not_run_again(tmp_path: Path) -> None:
    kept = tmp_path / "run.json"
    first = judged(kept)
    seen: list[int] = []
    assert judged(kept, progress=lambda done, total: seen.append(done)) == first
    assert seen == [364]


def test_an_addition_that_was_interrupted_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "run.json"
    add = PairSums.add

    def interrupted(self: PairSums, other: PairSums) -> None:
        if any(number >= 200 for number, _ in other.differing):
            raise KeyboardInterrupt
        add(self, other)

    with monkeypatch.context() as patch:
        patch.setattr(PairSums, "add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            judged(kept, workers=1)
    assert judged(kept) == judged(None)


def test_all_kinds_of_sums_are_kept(tmp_path: Path) -> None:
    """With a bad sample, errors of values, and largest differences."""
    images, labels = held_out()
    images = images.astype(np.float32)
    images[100] = np.nan
    values = np.zeros((364, 10)) + labels[:, np.newaxis] / 7
    options: dict[str, Any] = {"labels": values, "metrics": ["mae"], "bad": "skip", "workers": 1}
    kept = tmp_path / "run.json"
    with pytest.raises(Stopped):
        judged(kept, images, progress=stop_after(200), **options)
    assert judged(kept, images, **options) == judged(None, images, **options)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"chunk": 41}, "chunk"),
        ({"metrics": ["accuracy"]}, "metrics"),
        ({"backends": {"a": "ref"}}, "backends"),
        ({"data": held_out()[0], "labels": held_out()[1]}, "data"),
        ({"bad": "skip"}, "bad samples"),
    ],
)
def test_another_evaluation_is_refused(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    judged(tmp_path / "run.json")
    with pytest.raises(EvaluationError, match=rf"run.json: it is of another evaluation \({named}\)"):
        judged(tmp_path / "run.json", **change)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1, "identity": {}'])
def test_a_file_that_is_none_is_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(EvaluationError, match=r"run.json: no file that --resume has written"):
        judged(tmp_path / "run.json")
    assert (tmp_path / "run.json").read_text() == content


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("until", -1),
        ("until", float("inf")),
        ("beyond", "x"),
        ("sums", []),
        ("samples", True),
        ("samples", 1e400),
        ("bad", [[1]]),
        ("sides", []),
        ("pairs", []),
    ],
)
def test_a_file_that_lies_is_refused_in_one_line(tmp_path: Path, key: str, value: Any) -> None:
    judged(tmp_path / "run.json")
    content = json.loads((tmp_path / "run.json").read_text())
    (content if key in content else content["sums"])[key] = value
    (tmp_path / "run.json").write_text(json.dumps(content))
    with pytest.raises(EvaluationError, match=r"run.json: no file that --resume has written"):
        judged(tmp_path / "run.json")


@pytest.mark.parametrize("part", [["ranks", [1]], ["confusion", [[10**6], [1]]], ["error", ["1", "0"]]])
def test_sums_of_another_form_are_refused(tmp_path: Path, part: list[Any]) -> None:
    judged(tmp_path / "run.json")
    content = json.loads((tmp_path / "run.json").read_text())
    content["sums"]["sides"][0].update([part])
    (tmp_path / "run.json").write_text(json.dumps(content))
    with pytest.raises(EvaluationError, match="no file that --resume has written"):
        judged(tmp_path / "run.json")


def test_files_of_others_beside_it_are_left_alone(tmp_path: Path) -> None:
    others = ["poetry.lock", "poetry.new", "poetry.tmp"]
    for name in others:
        (tmp_path / name).write_text("mine")
    judged(tmp_path / "poetry")
    assert {name: (tmp_path / name).read_text() for name in others} == dict.fromkeys(others, "mine")
    assert sorted(os.listdir(tmp_path)) == ["poetry", *others]


def test_no_link_is_followed_and_no_fifo_waited_for(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("mine")
    (tmp_path / ".ember-resume-run.json.new").symlink_to(tmp_path / "other")
    judged(tmp_path / "run.json")
    (tmp_path / "link").symlink_to(tmp_path / "run.json")
    (tmp_path / "nowhere").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "nowhere", "fifo"):
        with pytest.raises(EvaluationError, match="no file that --resume has written"):
            judged(tmp_path / name)
    assert (tmp_path / "other").read_text() == "mine"
    assert (tmp_path / "nowhere").is_symlink()


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="make it first"):
        judged(tmp_path / "nowhere" / "run.json")


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with (
        file_lock(tmp_path / ".ember-resume-run.json.lock", patience=0),
        pytest.raises(EvaluationError, match="is at work on it"),
    ):
        judged(tmp_path / "run.json")


def command(folder: Path) -> list[str]:
    options = ["--data", str(folder / "many.npz"), "--backend", "ref", "--against", "ref,rounding=float"]
    options += [word for metric in METRICS for word in ("--metric", metric)]
    options += ["--prepare", "tests.tools.evaluate.functions:slowly", "--workers", "2", "--chunk", "50", "--json"]
    return [sys.executable, "-m", "ember_infer_tools.cli", "evaluate", str(DIGITS), *options]


def workers_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children]


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_kill_costs_no_sample_and_leaves_no_process(tmp_path: Path) -> None:
    images, labels = held_out()
    np.savez(tmp_path / "many.npz", images=np.tile(images, (12, 1, 1)), labels=np.tile(labels, 12))
    kept = tmp_path / "run.json"
    line = [*command(tmp_path), "--resume", str(kept)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])}
    running = subprocess.Popen(line, cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 120
        while not (kept.exists() and json.loads(kept.read_text())["sums"]["samples"]):
            assert time.monotonic() < end
            assert running.poll() is None
            time.sleep(0.02)
        workers = workers_of(running.pid)
    finally:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    done = json.loads(kept.read_text())["sums"]["samples"]
    found = json.loads(subprocess.run(line, cwd=REPOSITORY, env=environment, capture_output=True, check=True).stdout)
    assert 0 < found["resumed"] == done < found["samples"] == 12 * 364
    confusion = found["sides"][0]["metrics"]["confusion"]
    assert confusion == (12 * np.array(judged(None)["a"]["confusion"])).tolist()
    assert workers
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
