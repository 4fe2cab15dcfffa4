"""What the tests of ``ember_infer_tools.evaluate`` share."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ember_infer_core.slots import AnyArray
from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY, skip_or_fail

DIGITS = REPOSITORY / "models" / "digits.tflite"
HELD_OUT = REPOSITORY / "models" / "digits_heldout.npz"


@ember_model(str(DIGITS))
class Digits(QuantizedModel): ...


def held_out() -> tuple[AnyArray, AnyArray]:
    """Images and labels."""
    with np.load(HELD_OUT) as archive:
        return archive["images"], archive["labels"]


def answers(images: AnyArray) -> AnyArray:
    """What the model says, a row for each image."""
    return np.asarray(Digits.predict_batch(RefBackend(), Digits.quantize(images).reshape(-1, 8, 8, 1)))


def needs(module: str) -> Any:
    """A module that large extras bring: CI has them."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        skip_or_fail(f"{module} is not installed: pip install 'ember-infer[evaluate]'")
