"""What the tests of operators that move elements have in common."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ember_infer_core import ModelError
from ember_infer_macros import load_program
from tests.support.draws import Draws, check_random_models
from tests.support.tflm import Tflm

# Types that all of these operators take.
PORTS = ("int8", "int16", "int32", "float32")


def check_moves(make: Callable[[Draws], bytes], tflm: Tflm) -> None:
    """Asserts that all models that ``make`` draws run on both sides, and give the same bytes."""
    check_random_models(make, tflm)


def refusal(model: bytes) -> str:
    """Why the model is refused."""
    with pytest.raises(ModelError) as caught:
        load_program(model)
    return str(caught.value)
