"""How fast ``evaluate`` goes through many samples with one process and with several, and in how much memory.

``python -m benchmarks.evaluation`` prints a table. Numbers of processes take turns; each evaluation is a Python of its
own, whose most memory, and that of its largest worker, the kernel reports.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TypeAlias

import numpy as np

from ember_infer_tools.evaluate import evaluate

__all__ = ["main"]

_MODELS = Path(__file__).resolve().parent.parent / "models"
# What turns measured, by processes and samples.
Found: TypeAlias = dict[tuple[int, int], list[dict[str, float]]]


def main() -> None:
    """Measures, and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000, help="the held-out digits, over and over")
    parser.add_argument("--turns", type=int, default=5, help="how often each is measured; the median counts")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--one", nargs=3, metavar=("IMAGES", "LABELS", "PROCESSES"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        images, labels, processes = arguments.one
        print(json.dumps(_judge(images, labels, int(processes))))
        return
    few, many = arguments.samples // 10, arguments.samples
    found: Found = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="ember-bench-") as folder:
        fewer, all_files = (_write(Path(folder), count) for count in (few, many))
        _measure(fewer, 1)  # compiles, if nothing has, with a compiler larger than all that is measured
        for processes in arguments.processes:
            found[processes, few].append(_measure(fewer, processes))
        for _ in range(arguments.turns):
            for processes in arguments.processes:
                found[processes, many].append(_measure(all_files, processes))
    print(f"digits.tflite by NativeBackend, best and portable target, {many:,} samples, medians of {arguments.turns}")
    print(f"{'processes':>9} {'samples/s':>10} {'ratio':>6}   largest process of {few:,} and of {many:,} samples")
    for processes in arguments.processes:
        print(_line(found, processes, arguments.processes[0], (few, many)))


def _write(folder: Path, count: int) -> tuple[Path, Path]:
    """Images and labels, as files that are mapped."""
    with np.load(_MODELS / "digits_heldout.npz") as held_out:
        digits = {name: held_out[name] for name in ("images", "labels")}
    paths = []
    for name, values in digits.items():
        path = folder / f"{name}{count}.npy"
        file = np.lib.format.open_memmap(path, mode="w+", dtype=values.dtype, shape=(count, *values.shape[1:]))
        for start in range(0, count, len(values)):
            file[start : start + len(values)] = values[: count - start]
        file.flush()
        paths.append(path)
    return paths[0], paths[1]


def _measure(files: tuple[Path, Path], processes: int) -> dict[str, float]:
    """One evaluation in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.evaluation", "--one", *map(str, files), str(processes)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _judge(images: str, labels: str, processes: int) -> dict[str, float]:
    found = evaluate(
        _MODELS / "digits.tflite",
        images,
        labels,
        backends={"native": "native", "portable": "native,target=portable"},
        metrics=["accuracy", "confusion"],
        workers=processes,
        processes=processes > 1,
    )
    used = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"rate": found.samples / found.seconds, "megabytes": max(used) / 1024}


def _line(found: Found, processes: int, first: int, counts: tuple[int, int]) -> str:
    turns = found[processes, counts[1]]
    rate = statistics.median(one["rate"] for one in turns)
    ratio = statistics.median(
        one["rate"] / base["rate"] for one, base in zip(turns, found[first, counts[1]], strict=True)
    )
    memory = (max(one["megabytes"] for one in found[processes, count]) for count in counts)
    return f"{processes:9} {rate:10,.0f} {ratio:6.2f}   " + " ".join(f"{megabytes:6.0f} MB" for megabytes in memory)


if __name__ == "__main__":
    main()
