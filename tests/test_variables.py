"""Variables against TFLM: whatever is read and assigned in whatever order, over runs with resets between."""

from __future__ import annotations

import pytest

from ember_infer_core import KernelBackend
from ember_infer_native import NativeBackend
from tests.support.against_tflm import compare_with_tflm
from tests.support.backends import every_backend
from tests.support.contents import random_batches
from tests.support.tally import compare_drawn
from tests.support.tflm import Tflm
from tests.support.variable_models import VariableModel, variable_models

RUNS = 6


@pytest.mark.parametrize(
    ("backends", "ordinary", "deep"),
    [(every_backend(), 500, 10_000), ([NativeBackend()], 30, 300)],
    ids=["call by call", "machine code"],
)
def test_programs_of_reads_and_assignments_in_any_order_equal_tflm(
    backends: list[KernelBackend], ordinary: int, deep: int, tflm: Tflm
) -> None:
    def compare(drawn: VariableModel) -> str:
        batches = random_batches(drawn.model, drawn.seed)
        assert len(batches) == RUNS
        return compare_with_tflm(drawn.model, batches, tflm, backends, resets=drawn.resets)

    compare_drawn(variable_models(RUNS), compare, ordinary=ordinary, deep=deep, wanted_share=1.0)
