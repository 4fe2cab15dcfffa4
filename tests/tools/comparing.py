"""What the tests of ``ember_infer_tools.compare`` share."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
from rich.console import Console

from ember_infer_core import Conv2dParams
from ember_infer_ref import RefBackend
from ember_infer_tools.compare import Comparison
from ember_infer_tools.compare.report import print_comparison
from tests.conftest import REPOSITORY

DIGITS = REPOSITORY / "models" / "digits.tflite"
REF = "ember_infer_ref:RefBackend"


class OffByOne(RefBackend):
    """Faulty in the one convolution that has these weights' shape, and there in one element."""

    def __init__(self, weights_shape: tuple[int, ...], position: int = 5, step: int = 1) -> None:
        super().__init__()
        self._faulty, self._position, self._step = weights_shape, position, step

    def conv2d(self, params: Conv2dParams) -> None:
        super().conv2d(params)
        if params.weights_shape == self._faulty:
            params.output.reshape(-1).view(np.uint8)[self._position] += self._step % 256


def shown(found: Comparison) -> str:
    text = io.StringIO()
    print_comparison(found, Console(width=120, file=text))
    return text.getvalue()


def command(*arguments: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "ember_infer_tools.cli", "compare", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd=cwd)
