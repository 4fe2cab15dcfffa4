"""Runs a finished model on TensorFlow Lite Micro itself, so that a card's INT8 figures are those of the device."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from tflite_micro import runtime


def run_tflm(model: bytes, inputs: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """The int8 outputs of a model with one input and one output, one invocation for each row of ``inputs``.

    Args:
        model: the bytes of the ``.tflite`` file; its batch size is 1.
        inputs: ``[N, ...]``, each row in the shape of the model's input without the batch.

    Returns:
        ``[N, ...]``, each row an output without the batch.
    """
    interpreter = runtime.Interpreter.from_bytes(model)
    outputs = []
    for row in inputs:
        interpreter.set_input(np.ascontiguousarray(row[np.newaxis]), 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0)[0].copy())
    return np.stack(outputs)
