"""What somebody does with the installed distributions first; run by a fresh interpreter that sees nothing else.

``python smoke.py FOLDER`` with a folder that holds digits.tflite, sine.tflite and digits_heldout.npz.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from ember_esp import EspBackend, EspP4Backend
from ember_infer import FirmwareBackend, NativeBackend, RefBackend, load
from ember_infer_core import CompilerNotFound, KernelBackend
from ember_infer_firmware import export


def main(folder: Path) -> None:
    """Runs both models on every backend.

    Raises:
        AssertionError: an answer is not what TensorFlow Lite Micro's is known to be.
    """
    digits, sine = load(folder / "digits.tflite"), load(folder / "sine.tflite")
    assert sine.predict(RefBackend(), 1.57) == 1.0

    with np.load(folder / "digits_heldout.npz") as heldout:
        images, labels = digits.quantize(heldout["images"]), heldout["labels"]
    exact = digits.predict_batch(RefBackend(), images)
    assert (exact.argmax(axis=1) == labels).sum() == 359, "models/digits.md says 359 of 364"
    exported = export(sine, folder / "exported")
    assert any(name.endswith(".h") for name in exported.files)
    assert any(name.endswith("CMakeLists.txt") for name in exported.files)
    backends: list[KernelBackend] = [EspBackend(), EspP4Backend(faults="ignore")]
    try:
        backends += [NativeBackend(), FirmwareBackend()]
    except CompilerNotFound:
        print("without a compiler")
    for backend in backends:
        assert (digits.predict_batch(backend, images) == exact).all(), type(backend).__name__


if __name__ == "__main__":
    main(Path(sys.argv[1]))
