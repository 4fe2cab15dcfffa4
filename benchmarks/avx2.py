"""Both sides without AVX-512: LiteRT, which is told that there is none, against ``NativeBackend(target="avx2")``.

A process of its own, which ``make bench`` starts. Also against our own portable C, which is all there is to compare
with where LiteRT cannot be limited.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich.markup import escape

from benchmarks.limit import limit_to_avx2
from benchmarks.subjects import check_answers, console, is_litert, over, show, subjects, table_of
from ember_infer_core.errors import ComparisonError, KernelError
from ember_infer_native import NativeBackend
from ember_infer_native.toolchain import host_isa
from ember_infer_tools.bench import Bench, bench
from ember_infer_tools.bench.report import microseconds

_TARGETS = ("avx2", "portable")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("models", type=Path, nargs="*")
    arguments = parser.parse_args()
    out = console()
    if "avx2" not in host_isa():
        out.print("without AVX-512: skipped, this processor has no AVX2")
        return
    against: tuple[str, ...] = ("litert",)
    try:
        limit_to_avx2()
    except (RuntimeError, KernelError) as error:
        out.print(escape(f"LiteRT is not limited: {error}"), soft_wrap=True)
        against = ()
    table = table_of("model", "LiteRT", *_TARGETS, "avx2 over LiteRT", "avx2 over portable")
    with tempfile.TemporaryDirectory(prefix="ember-bench-") as folder:
        backends = {target: NativeBackend(target, cache=Path(folder) / "cache") for target in _TARGETS}
        for subject in subjects(Path(folder), arguments.models):
            try:
                found = bench(subject.path, backends, against, turns=arguments.turns)
            except ComparisonError as error:
                out.print(escape(f"{subject.name}: without LiteRT: {error}"), soft_wrap=True)
                found = bench(subject.path, backends, turns=arguments.turns)
            table.add_row(escape(subject.name), *_cells(found))
    show(out, "without AVX-512 on either side: µs through a session, medians of interleaved turns", table)


def _cells(found: Bench) -> tuple[str, ...]:
    check_answers(found)
    avx2, portable = (found[f"{target}, session"] for target in _TARGETS)
    litert = next((measured for measured in found.measured if is_litert(measured)), None)
    return (
        "-" if litert is None else microseconds(litert.seconds),
        microseconds(avx2.seconds),
        microseconds(portable.seconds),
        over(avx2, litert),
        f"{portable.seconds / avx2.seconds:.2f}",
    )


if __name__ == "__main__":
    main()
