"""``make bench``: RefBackend against TensorFlow Lite Micro, model by model; import time; decoration time; arenas.

Every output is compared before anything is timed. Both sides copy an input in, run and copy the output out. NumPy's
BLAS is held to one thread, as TFLM has but one. The published models are measured too where ``EMBER_TEST_DATA`` (or the
sibling folder ``shared``) holds them.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

if "OPENBLAS_NUM_THREADS" not in os.environ:  # read when NumPy loads, so before anything imports it
    os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from rich.console import Console
from rich.table import Table
from tflite_micro import runtime

from benchmarks.measure import interleave
from ember_infer_core import ModelWarning
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend

REPOSITORY = Path(__file__).resolve().parent.parent
ARENA_BYTES = 20_000_000
IMPORTS = {
    "numpy alone": "import numpy",
    "ember_infer_macros, ember_infer_ref": "from ember_infer_macros import ember_model; import ember_infer_ref",
    "tflite_micro": "from tflite_micro import runtime",
}
PRINT_ARENA = """
import sys
from tflite_micro import runtime
runtime.Interpreter.from_file(sys.argv[1], arena_size=int(sys.argv[2])).print_allocations()
"""


def models() -> list[Path]:
    shared = Path(os.environ.get("EMBER_TEST_DATA", REPOSITORY.parent / "shared")) / "models"
    published = [shared / f"{name}.tflite" for name in ("sine", "speech", "person_detect")]
    return [*sorted((REPOSITORY / "models").glob("*.tflite")), *(path for path in published if path.exists())]


def model_class(path: Path) -> type[QuantizedModel]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)

        @ember_model(path)
        class Model(QuantizedModel): ...

    return Model


def bench_inference(path: Path, turns: int, table: Table) -> None:
    model = model_class(path)
    backend = RefBackend()
    interpreter = runtime.Interpreter.from_file(str(path), arena_size=ARENA_BYTES)
    generator = np.random.default_rng(0)
    sample = generator.integers(-128, 128, model.input_shape(), np.int8)
    output = np.empty(model.output_shape(), np.int8)
    session = model.bind(backend)

    def tflm() -> object:
        interpreter.set_input(sample, 0)
        interpreter.invoke()
        return interpreter.get_output(0)

    def predict_quantized() -> None:
        model.predict_quantized(backend, sample, output)

    def bound() -> None:
        session.input[...] = sample
        session.run()
        output[...] = session.output

    expected = np.asarray(tflm())
    for run in (predict_quantized, bound):
        run()
        np.testing.assert_array_equal(output, expected)
    timing = interleave({"tflm": tflm, "predict": predict_quantized, "bound": bound}, turns)
    table.add_row(
        label(path),
        f"{1e6 * timing.seconds('tflm'):.1f}",
        f"{1e6 * timing.seconds('predict'):.1f}",
        f"{1e6 * timing.seconds('bound'):.1f}",
        f"{timing.ratio('tflm', 'predict'):.2f}x",
        f"{timing.ratio('tflm', 'bound'):.2f}x",
    )


def label(path: Path) -> str:
    return path.stem if path.is_relative_to(REPOSITORY) else f"{path.stem} *"


def bench_decoration(path: Path, turns: int, table: Table) -> None:
    content = path.read_bytes()
    model_class(path)
    seconds = []
    for _ in range(turns):
        start = time.perf_counter()
        model = model_class(path)
        seconds.append(time.perf_counter() - start)
    table.add_row(
        label(path),
        str(len(content)),
        f"{1e3 * statistics.median(seconds):.1f}",
        str(model.arena_len()),
        tflm_arena(path),
    )


def tflm_arena(path: Path) -> str:
    command = [sys.executable, "-c", PRINT_ARENA, str(path), str(ARENA_BYTES)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    found = re.search(r"Arena allocation head (\d+) bytes", printed)
    return found[1] if found else "?"


def bench_imports(turns: int, table: Table) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in IMPORTS}
    empty = []
    for _ in range(turns):
        empty.append(start_python("pass"))
        for name, code in IMPORTS.items():
            seconds[name].append(start_python(code) - empty[-1])
    for name, measured in seconds.items():
        table.add_row(name, f"{1e3 * statistics.median(measured):.0f}")


def start_python(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=31, help="turns each contestant gets (default: 31)")
    turns = parser.parse_args().turns
    console = Console()

    inference = Table(title="inference (set input, run, get output), one thread, medians of interleaved turns")
    for column in ("model", "TFLM, µs", "predict, µs", "session, µs", "speed-up", "session"):
        inference.add_column(column, justify="left" if column == "model" else "right")
    decoration = Table(title="@ember_model: read, check, lower, synthesise; and bytes of activations")
    for column in ("model", "file bytes", "decoration, ms", "arena", "TFLM's arena head"):
        decoration.add_column(column, justify="left" if column == "model" else "right")
    for path in models():
        bench_inference(path, turns, inference)
        bench_decoration(path, turns, decoration)
    imports = Table(title="import time over an empty interpreter")
    imports.add_column("import")
    imports.add_column("ms", justify="right")
    bench_imports(min(turns, 11), imports)
    for table in (inference, decoration, imports):
        console.print(table)
    console.print("* published by TensorFlow Lite Micro; speed-ups are of RefBackend over TFLM, both from Python")


if __name__ == "__main__":
    main()
