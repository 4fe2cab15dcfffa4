"""Classifies real handwritten digits and draws a sine, both with INT8 models: the main job, to look at.

Run it with ``make demo``, or ``python examples/demo.py`` where ``ember-infer[cli]`` is installed.
"""

from __future__ import annotations

import signal
import sys

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while modules are imported, Ctrl-C has no traceback to show

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.columns import Columns
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ember_infer_core import CompilerNotFound, KernelBackend
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_native import NativeBackend
from ember_infer_ref import RefBackend

HELD_OUT = Path(__file__).parent.parent / "models" / "digits_heldout.npz"
BRIGHTEST = 16


@ember_model("../models/digits.tflite")
class DigitsModel(QuantizedModel): ...


@ember_model("../models/sine.tflite")
class SineModel(QuantizedModel): ...


def main() -> None:
    """Shows a few digits, the accuracy over all held-out ones, and the sine."""
    console = Console()
    with np.load(HELD_OUT) as held_out:
        images, labels = held_out["images"], held_out["labels"]
    backend = RefBackend()
    probabilities, seconds = classify(backend, images)
    classes = probabilities.argmax(axis=1)
    show_digits(console, images, labels, probabilities)
    right = int((classes == labels).sum())
    console.print(
        f"[bold]{right} of {len(labels)}[/bold] held-out digits right "
        f"([bold]{100 * right / len(labels):.1f} %[/bold]), "
        f"[bold]{1e6 * seconds / len(labels):.0f} µs[/bold] each on {backend!r}, "
        f"{DigitsModel.arena_len()} bytes of arena"
    )
    show_native(console, images, probabilities, seconds)
    show_sine(console, backend)


def show_native(
    console: Console, images: npt.NDArray[np.uint8], probabilities: npt.NDArray[np.float32], seconds: float
) -> None:
    """The same on another backend: compiled C, where there is a compiler."""
    try:
        backend = NativeBackend()
    except CompilerNotFound as error:
        console.print(f"NativeBackend left out: {escape(str(error))}\n")
        return
    found, native_seconds = classify(backend, images)
    same = "the same bytes" if (found == probabilities).all() else "[red]other bytes[/red]"
    console.print(
        f"{same} from machine code, [bold]{1e6 * native_seconds / len(images):.1f} µs[/bold] each on {backend!r}: "
        f"[bold]{seconds / native_seconds:.0f} times[/bold] as fast\n"
    )


def classify(backend: KernelBackend, images: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], float]:
    """Class probabilities (N, 10) of images (N, 8, 8), and the seconds that inference took."""
    session = DigitsModel.bind(backend)
    session.run()  # the first run prepares the weights
    quantized = DigitsModel.quantize(images).reshape(-1, *DigitsModel.input_shape())
    outputs = np.empty((len(images), DigitsModel.output_len()), np.int8)
    start = time.perf_counter()
    for image, output in zip(quantized, outputs, strict=True):
        session.input[...] = image
        session.run()
        output[...] = session.output[0]
    return DigitsModel.dequantize(outputs), time.perf_counter() - start


def show_digits(
    console: Console,
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.uint8],
    probabilities: npt.NDArray[np.float32],
) -> None:
    """The first digit of each class, and every one that the model gets wrong, as many as fit in a row."""
    classes = probabilities.argmax(axis=1)
    wrong = [int(index) for index in np.flatnonzero(classes != labels)]
    firsts = [int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]
    chosen = firsts + [index for index in wrong[:2] if index not in firsts]
    panels = []
    for index in chosen:
        found, label, confidence = int(classes[index]), int(labels[index]), float(probabilities[index].max())
        colour = "green" if found == label else "red"
        note = "" if found == label else f" (it is {label})"
        panels.append(
            Panel(
                draw_image(images[index]),
                title=f"[bold {colour}]{found}[/]{note}",
                subtitle=f"[{colour}]{100 * confidence:.0f} %[/]",
                border_style=colour,
                width=20,
            )
        )
    console.print(Columns(panels))


def draw_image(image: npt.NDArray[np.uint8]) -> Text:
    """An 8x8 grey image, two characters a pixel; grey levels where the terminal has them, else shades."""
    text = Text()
    for row in image:
        for pixel in row:
            level = int(pixel) * 255 // BRIGHTEST
            text.append(" ░▒▓█"[int(pixel) * 4 // BRIGHTEST] * 2, style=f"rgb({level},{level},{level})")
        text.append("\n")
    text.rstrip()
    return text


def show_sine(console: Console, backend: RefBackend) -> None:
    """The model's sine over one period, and how far it is from the real one."""
    width, height = 72, 15
    x = np.linspace(0, 2 * np.pi, width, dtype=np.float32)
    y = np.array([float(SineModel.predict(backend, value)) for value in x])
    canvas = [[" "] * width for _ in range(height)]
    for column, (value, exact) in enumerate(zip(y, np.sin(x), strict=True)):
        canvas[_row(float(exact), height)][column] = "·"
        canvas[_row(float(value), height)][column] = "●"
    drawing = Text("\n".join("".join(row) for row in canvas))
    drawing.highlight_regex("●", "bold cyan")
    drawing.highlight_regex("·", "bright_black")
    console.print(
        Panel(drawing, title="sine.tflite: x from 0 to 2π  (● model, · sin)", width=width + 4, height=height + 2)
    )
    table = Table.grid(padding=(0, 2))
    for value in (0.0, 1.57, 3.14, 4.71):
        predicted = float(SineModel.predict(backend, value))
        table.add_row(
            f"SineModel.predict(backend, {value})", f"[bold cyan]{predicted:+.3f}", f"sin: {np.sin(value):+.3f}"
        )
    console.print(table)
    console.print(f"largest error over the period: [bold]{np.abs(y - np.sin(x)).max():.3f}[/bold]")


def _row(value: float, height: int) -> int:
    return round((1 - min(max(value, -1.0), 1.0)) / 2 * (height - 1))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # from here on a compiler may be at work: tidy up
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)  # what a shell reports for it
