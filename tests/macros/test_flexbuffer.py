"""Options of custom operators: what is read is what ``flatbuffers.flexbuffers`` reads, and damage is told as such."""

from __future__ import annotations

import random
from typing import Any

import pytest
from flatbuffers import flexbuffers
from hypothesis import given
from hypothesis import strategies as st

from ember_infer_macros.tflite.flexbuffer import FlexBufferError, first_integer
from tests.support.effort import thorough

WHOLE = st.integers(-(2**31), 2**31 - 1)
NAMES = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=20)


def written(values: dict[str, Any]) -> bytes:
    return bytes(flexbuffers.Dumps(values))


@thorough(300, 10_000)
@given(st.dictionaries(NAMES, WHOLE, min_size=1, max_size=5))
def test_the_first_entry_in_the_order_of_names_is_read_whatever_its_width(values: dict[str, int]) -> None:
    first = min(values)
    assert first_integer(written(values)) == (first, values[first])


def test_an_unsigned_number_is_one_too() -> None:
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Key("cycles_max")
        builder.UInt(7)
    assert first_integer(bytes(builder.Finish())) == ("cycles_max", 7)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "reach outside its 0"),
        (b"\x01", "reach outside"),
        (written({}), "the map is empty"),
        (bytes(flexbuffers.Dumps([1, 2])), "of a map is wanted"),
        (bytes(flexbuffers.Dumps(3)), "of a map is wanted"),
        (written({"cycles_max": 2.0}), "'cycles_max' is no whole number of 32 bits"),
        (written({"cycles_max": "2"}), "is no whole number"),
        (written({"cycles_max": 2**31}), "is no whole number of 32 bits"),
        (written({"cycles_max": True}), "is no whole number"),
        (written({"x" * 200: 1}), "a name that has no end, or is very long"),
    ],
)
def test_what_is_no_map_of_numbers_is_told(content: bytes, reason: str) -> None:
    with pytest.raises(FlexBufferError, match=reason):
        first_integer(content)


@pytest.mark.parametrize("seed", range(20))
def test_damaged_bytes_are_an_error_of_ours_or_another_number(seed: int) -> None:
    chosen = random.Random(seed)
    whole = written({"cycles_max": chosen.choice([1, 300, 70_000]), "other": 5})
    refused = 0
    for _ in range(500):
        content = bytearray(whole[: chosen.choice([len(whole), chosen.randrange(len(whole))])])
        for _ in range(chosen.randrange(1, 4) if content else 0):
            content[chosen.randrange(len(content))] = chosen.randrange(256)
        try:
            name, value = first_integer(bytes(content))
        except FlexBufferError:
            refused += 1
        else:
            assert len(name) <= 100
            assert -(2**31) <= value < 2**31
    assert refused > 100
