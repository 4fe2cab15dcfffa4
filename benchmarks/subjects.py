"""What the benchmark runs, and what the project wants of it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.models import BUILDERS
from ember_infer_tools.bench import Bench, Measured
from ember_infer_tools.tflite_writer import load_schema

__all__ = [
    "Subject",
    "check_answers",
    "console",
    "is_litert",
    "missing",
    "over",
    "published",
    "show",
    "subjects",
    "table_of",
]

REPOSITORY = Path(__file__).resolve().parent.parent
_PUBLISHED = (
    "sine",
    "speech",
    "person_detect",
    "vww_float_io",
    "rock_paper_scissors",
    "anomaly_detection",
    "mobilenet_v3_small",
)
# Streaming models, which keep state: those of microWakeWord, in the package that the extra wake-word brings.
_WAKE_WORDS = ("okay_nabu", "hey_jarvis", "hey_mycroft", "alexa")
_WAKE_WORDS_PACKAGE = "pymicro_wakeword"
# Times as fast as LiteRT on AVX-512 VNNI: through predict_quantized, and through a session.
_WANTED = {
    "sine": "1.3 / 4",
    "speech": "7",
    "person_detect": "3",
    "resnet8": "1.35",
    "dscnn": "3.2",
    "mobilenet": "3.2",
    "autoencoder": "1.6",
    "vww_float_io": "1.5",
    "rock_paper_scissors": "1.5",
    "anomaly_detection": "1.5",
    "mobilenet_v3_small": "10, no delegate",
    **dict.fromkeys(_WAKE_WORDS, "2"),
}
_FILE_WIDTH = 140


@dataclass(frozen=True, slots=True)
class Subject:
    """A model to time.

    Attributes:
        name: for tables.
        path: of the file.
        wanted: how many times as fast as LiteRT it should be; empty where nobody said.
    """

    name: str
    path: Path
    wanted: str


def subjects(folder: Path, files: Sequence[Path] = ()) -> Iterator[Subject]:
    """These files; without any, the published models that are there, and those of random weights, made in a folder."""
    for path in files:
        yield Subject(path.stem, path, "")
    if files:
        return
    for name in _PUBLISHED:
        path = published(name)
        if path.exists():
            yield Subject(name, path, _WANTED[name])
    package = importlib.util.find_spec(_WAKE_WORDS_PACKAGE)
    if package is not None and package.origin is not None:
        for name in _WAKE_WORDS:
            yield Subject(name, Path(package.origin).parent / "models" / f"{name}.tflite", _WANTED[name])
    for name, build in BUILDERS.items() if _can_write() else ():
        path = folder / f"{name}.tflite"
        if not path.exists():
            path.write_bytes(build())
        yield Subject(name, path, _WANTED[name])


def missing() -> list[str]:
    """Lines about models that :func:`subjects` leaves out."""
    lines = [
        f"{name}: skipped, its file is not there (EMBER_TEST_DATA names a folder with models/)"
        for name in _PUBLISHED
        if not published(name).exists()
    ]
    if importlib.util.find_spec(_WAKE_WORDS_PACKAGE) is None:
        lines += [f"{name}: skipped, only the extra wake-word brings it" for name in _WAKE_WORDS]
    if not _can_write():
        lines += [f"{name}: skipped, only the extras tflm and litert bring what writes it" for name in BUILDERS]
    return lines


def table_of(*columns: str) -> Table:
    """A table whose first column holds text and the others numbers."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for position, column in enumerate(columns):
        made.add_column(column, justify="right" if position else "left", no_wrap=not position)
    return made


def show(out: Console, title: str, table: Table) -> None:
    """A title of any length, and the table under it."""
    out.print(f"\n[bold]{title}[/bold]", soft_wrap=True)
    out.print(table)


def console() -> Console:
    """Standard output; wide tables stay whole in a file or a pipe."""
    made = Console(highlight=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = _FILE_WIDTH
    return made


def check_answers(found: Bench) -> None:
    """Ends the benchmark where a backend of ours does not compute what TFLM does."""
    for measured in found.measured:
        if not (measured.equal or is_litert(measured)):
            raise SystemExit(f"{found.model}: {measured.name} differs from {found.truth}")


def is_litert(measured: Measured) -> bool:
    """LiteRT rounds in its own way, so that its answers may differ."""
    return measured.name.startswith("LiteRT")


def over(measured: Measured | None, reference: Measured | None) -> str:
    """How many times as fast as the reference."""
    if measured is None or reference is None:
        return "-"
    return f"{measured.times_faster[reference.name]:.2f}"


def _can_write() -> bool:
    try:
        load_schema()
    except ImportError:
        return False
    return True


def published(name: str) -> Path:
    """Where a model's file is, or should be."""
    shared = Path(os.environ.get("EMBER_TEST_DATA", REPOSITORY.parent / "shared"))
    path = shared / "models" / f"{name}.tflite"
    own = REPOSITORY / "models" / f"{name}.tflite"
    return own if own.exists() and not path.exists() else path
