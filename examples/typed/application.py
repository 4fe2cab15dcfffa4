"""An application that every type checker understands: run it with ``python -m examples.typed.application``.

The checkers know each length, shape and result type, from the stub beside ``models.py`` or from mypy's plugin.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from ember_infer_core import KernelBackend
from ember_infer_ref import RefBackend
from examples.typed.models import Digits, Sine

# A checker refuses this line on the day a new model has another number of classes.
CLASSES: Literal[10] = Digits.output_len()


def most_likely(backend: KernelBackend, image: npt.NDArray[np.uint8]) -> int:
    """The class of one image (8, 8) with grey levels 0 to 16."""
    return int(Digits.predict(backend, image).argmax())


def main() -> None:
    """Classifies a vertical stroke, and compares a sine."""
    backend = RefBackend()
    _, height, width, _ = Digits.input_shape()
    image = np.zeros((height, width), np.uint8)
    image[:, 3:5] = 16
    print(f"a vertical stroke is a {most_likely(backend, image)}, of {CLASSES} classes")
    print(f"sine of 1: {float(Sine.predict(backend, 1.0)):.3f}, exactly {math.sin(1.0):.3f}")


if __name__ == "__main__":
    main()
