"""Whether backends give TFLM's bytes for a model, said in one line for each that does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ember_infer_core import KernelBackend, UnsupportedModelError
from ember_infer_macros import QuantizedModel, ember_model
from tests.corpus.ports import Array

LONGEST_REASON = 300


def complaints(
    content: bytes, batches: Sequence[Sequence[Array]], expected: Sequence[Sequence[Array]], backends: Mapping[str, Any]
) -> list[str]:
    """A line for each backend that does not give the expected outputs, or one where the model is refused.

    Args:
        content: of the ``.tflite`` file.
        batches: for each inference, every input.
        expected: for each inference, every output.
        backends: by the names that the lines use.
    """
    try:
        model = _load(content)
    except Exception as error:  # a crash is a complaint like any other: the next model is still of interest
        return [_reason(error)]
    lines = []
    for name, backend in backends.items():
        try:
            difference = _first_difference(_run(model, backend, batches), expected)
        except Exception as error:  # likewise
            difference = _reason(error)
        if difference is not None:
            lines.append(f"{name}: {difference}")
    return lines


def refusal(content: bytes) -> str | None:
    """In which words this project refuses the model; ``None`` if it takes it."""
    try:
        _load(content)
    except UnsupportedModelError as error:
        return str(error)
    return None


def _load(content: bytes) -> type[QuantizedModel]:
    @ember_model(content)
    class Model(QuantizedModel): ...

    return Model


def _run(model: type[QuantizedModel], backend: KernelBackend, batches: Sequence[Sequence[Array]]) -> list[list[Array]]:
    session = model.bind(backend)
    results: list[list[Array]] = []
    for inputs in batches:
        for number, (buffer, values) in enumerate(zip(session.inputs, inputs, strict=True)):
            if buffer.dtype != values.dtype or buffer.shape != values.shape:  # an assignment would convert
                raise TypeError(f"input {number} is {_kind(buffer)}, in the file {_kind(values)}")
            buffer[...] = values
        session.run()
        results.append([output.copy() for output in session.outputs])
    return results


def _first_difference(ours: Sequence[Sequence[Array]], theirs: Sequence[Sequence[Array]]) -> str | None:
    for inference, (our_outputs, their_outputs) in enumerate(zip(ours, theirs, strict=True)):
        for number, (our_output, their_output) in enumerate(zip(our_outputs, their_outputs, strict=True)):
            difference = _difference(our_output, their_output)
            if difference is not None:
                return f"inference {inference}, output {number}: {difference}"
    return None


def _difference(ours: Array, theirs: Array) -> str | None:
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return f"ours is {_kind(ours)}, TFLM's {_kind(theirs)}"
    unequal = _bits(ours) != _bits(theirs)
    if not unequal.any():
        return None
    where = tuple(int(axis) for axis in np.argwhere(unequal)[0])
    count = int(np.count_nonzero(unequal))
    return f"{count} of {ours.size} values differ, first at {where}: ours {ours[where]}, TFLM's {theirs[where]}"


def _bits(array: Array) -> Array:
    """As integers, so that equal means the same bytes: a NaN equals itself, 0.0 is not -0.0."""
    return np.ascontiguousarray(array).view(f"u{array.itemsize}")


def _kind(array: Array) -> str:
    return f"{array.dtype}{list(array.shape)}"


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    shortened = text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]} ..."
    return f"{type(error).__name__}: {shortened}"
