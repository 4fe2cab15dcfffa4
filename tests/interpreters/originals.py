"""The interpreters that are replaced, beside their replacements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer.litert import Interpreter
from tests.conftest import REPOSITORY

__all__ = ["DIGITS", "MODELS", "SINE", "assert_same", "drawn", "first", "infer", "outcome", "ready"]

SINE = REPOSITORY / "models" / "sine.tflite"
DIGITS = REPOSITORY / "models" / "digits.tflite"

MODELS = (
    "anomaly_detection",
    "keyword_scrambled_8bit",
    "mobilenet_v3_small",
    "person_detect",
    "rock_paper_scissors",
    "sine",
    "speech",
    "trained_lstm_int8",
    "vww_float_io",
)


def assert_same(ours: Any, theirs: Any, where: str = "") -> None:
    """Checks that two results are equal down to the types, key by key."""
    assert type(ours) is type(theirs), (where, ours, theirs)
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), where
        for key, value in theirs.items():
            assert_same(ours[key], value, f"{where}.{key}")
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs), where
        for place, (mine, its) in enumerate(zip(ours, theirs, strict=True)):
            assert_same(mine, its, f"{where}[{place}]")
    elif isinstance(theirs, np.ndarray):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), where
        assert ours.tobytes() == theirs.tobytes(), (where, ours, theirs)
    else:
        assert ours == theirs, where


def drawn(details: dict[str, Any], seed: int) -> npt.NDArray[Any]:
    """Random content for an input of these details."""
    random = np.random.default_rng(seed)
    dtype, shape = np.dtype(details["dtype"]), details["shape"]
    values = random.standard_normal(shape) if dtype.kind == "f" else random.integers(-128, 128, shape)
    content: npt.NDArray[Any] = values.astype(dtype)
    return content


def outcome(action: Any, interpreter: Any) -> Any:
    """What an action on an interpreter gives, or the error that it ends in."""
    try:
        return action(interpreter)
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        return error


def ready(model: Path | bytes = SINE, **options: Any) -> Interpreter:
    """Our interpreter in place of LiteRT's, allocated."""
    given = {"model_content": model} if isinstance(model, bytes) else {"model_path": model}
    interpreter = Interpreter(**given, **options)
    interpreter.allocate_tensors()
    return interpreter


def infer(interpreter: Any, seed: int = 0) -> list[Any]:
    """Outputs for random inputs."""
    for details in interpreter.get_input_details():
        interpreter.set_tensor(details["index"], drawn(details, seed))
    interpreter.invoke()
    return [interpreter.get_tensor(details["index"]) for details in interpreter.get_output_details()]


def first(interpreter: Any) -> int:
    """Number of the first input's tensor."""
    return int(interpreter.get_input_details()[0]["index"])
