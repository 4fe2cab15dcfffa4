"""Buffers at any address: the right answer, or an AlignmentError before anything is written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from ember_infer_core.conformance.properties import for_all_calls
from ember_infer_core.conformance.subject import Subject
from ember_infer_core.ops import OPERATORS
from ember_infer_core.slots import slots


@pytest.mark.parametrize("operator", OPERATORS)
def test_misaligned_buffers_do_no_harm(subject: Subject, operator: str, examples: int) -> None:
    """Bytes and scratch anywhere, int16 at multiples of 2, int32 and float32 at multiples of 4."""
    subject.require(operator)

    def check(params: Any, data: st.DataObject) -> None:
        offsets = {slot.name: data.draw(_offsets(slot.dtype.itemsize)) for slot in slots(params)}
        offsets["scratch"] = data.draw(_offsets(1))
        if not subject.excused(operator, params):
            subject.check_misaligned(operator, params, offsets)

    for_all_calls(operator, max(1, examples // 2), check)


def _offsets(itemsize: int) -> st.SearchStrategy[int]:
    return st.integers(0, 15 // itemsize).map(lambda elements: elements * itemsize)
