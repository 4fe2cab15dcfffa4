"""Damaged and hostile model files: each becomes a ModelError that names file and place, or a model that runs.

Nothing else may happen: no other exception, no endless work, no memory out of proportion. An ordinary run tries about
5,000 random damages, the same ones each time. ``EMBER_DEEP=1 pytest tests/test_damaged_files.py`` tries a million;
``EMBER_SEED`` (a number) makes it another million.
"""

from __future__ import annotations

import random
import struct
from collections import Counter
from typing import Any

import numpy as np
import pytest

from ember_infer_tools.tflite_writer import pack_model
from tests.conftest import REPOSITORY, shared_folder
from tests.support.effort import DEEP, SEED, draws
from tests.support.outcomes import timely_outcome
from tests.support.samples import every_operator, two_branches

pytestmark = [
    pytest.mark.usefixtures("limited_memory"),
    pytest.mark.filterwarnings("ignore::ember_infer_core.errors.ModelWarning"),
]

ATTEMPTS = draws(ordinary=5_000, deep=1_000_000)
PARTS = 10
LARGEST_SEED_FILE = 64 * 1024


# Random damage

NASTY_WORDS = (0, 1, 2, 4, 8, 12, 16, 0x100, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0x7F800000)


def damage(content: bytes, source: random.Random, structure: list[int]) -> bytes:
    """One to three random mutations, most of them where the file has structure, not in the weights' bytes."""
    data = bytearray(content)
    for _ in range(source.choice((1, 1, 1, 2, 3))):
        if len(data) < 16:
            break
        source.choice(MUTATIONS)(data, source, structure)
    return bytes(data)


def position(data: bytearray, source: random.Random, structure: list[int]) -> int:
    if source.random() < 0.9:
        place = source.choice(structure)
        if place < len(data):
            return place
    return source.randrange(len(data))


def flip_bit(data: bytearray, source: random.Random, structure: list[int]) -> None:
    data[position(data, source, structure)] ^= 1 << source.randrange(8)


def set_byte(data: bytearray, source: random.Random, structure: list[int]) -> None:
    data[position(data, source, structure)] = source.choice((0, 1, 2, 0x7F, 0x80, 0xFF, source.randrange(256)))


def overwrite_word(data: bytearray, source: random.Random, structure: list[int]) -> None:
    place = position(data, source, structure) & ~3
    word = source.choice((*NASTY_WORDS, source.randrange(len(data)), source.randrange(2**32)))
    data[place : place + 4] = struct.pack("<I", word)


def nudge_word(data: bytearray, source: random.Random, structure: list[int]) -> None:
    place = position(data, source, structure) & ~3
    word = int.from_bytes(data[place : place + 4], "little") + source.choice((-8, -4, -2, -1, 1, 2, 4, 8, 12))
    data[place : place + 4] = struct.pack("<I", word % 2**32)


def truncate(data: bytearray, source: random.Random, structure: list[int]) -> None:
    del data[position(data, source, structure) :]


def zero_run(data: bytearray, source: random.Random, structure: list[int]) -> None:
    place = position(data, source, structure)
    length = min(source.randrange(1, 65), len(data) - place)
    data[place : place + length] = bytes(length)


def copy_span(data: bytearray, source: random.Random, structure: list[int]) -> None:
    start, place = position(data, source, structure), position(data, source, structure)
    span = data[start : start + source.randrange(1, 65)][: len(data) - place]
    data[place : place + len(span)] = span


def insert_span(data: bytearray, source: random.Random, structure: list[int]) -> None:
    start, place = position(data, source, structure), position(data, source, structure)
    data[place:place] = data[start : start + source.randrange(1, 33)]


def delete_span(data: bytearray, source: random.Random, structure: list[int]) -> None:
    place = position(data, source, structure)
    del data[place : place + source.randrange(1, 33)]


# What leaves every offset in place gets deepest, so it comes more often.
MUTATIONS = (
    *[flip_bit, set_byte, overwrite_word, nudge_word] * 4,
    truncate,
    zero_run,
    copy_span,
    insert_span,
    delete_span,
)


def seed_files() -> list[bytes]:
    """Models to damage: hand-made ones, and those of the repository and of the shared data that are small."""
    files = [pack_model(every_operator()), pack_model(two_branches())]
    for folder in (REPOSITORY / "models", shared_folder() / "models"):
        paths = sorted(folder.glob("*.tflite"))
        files += [path.read_bytes() for path in paths if path.stat().st_size <= LARGEST_SEED_FILE]
    return files


def structure_of(content: bytes, schema: Any) -> list[int]:
    """The places of all bytes that are not the content of a buffer."""
    is_structure = np.ones(len(content), bool)
    model = schema.Model.GetRootAs(content, 0)
    for index in range(model.BuffersLength()):
        buffer = model.Buffers(index)
        if buffer.DataLength():
            start = buffer._tab.Vector(buffer._tab.Offset(4))
            is_structure[start : start + buffer.DataLength()] = False
    return [int(place) for place in np.flatnonzero(is_structure)]


@pytest.mark.parametrize("part", range(PARTS))
def test_random_damage_is_refused_or_runs(part: int, schema: Any) -> None:
    files = [(content, structure_of(content, schema)) for content in seed_files()]
    tally: Counter[str] = Counter()
    for number in range(part, ATTEMPTS, PARTS):
        source = random.Random(f"{SEED}/{number}")
        content, structure = files[number // PARTS % len(files)]
        damaged = damage(content, source, structure)
        try:
            tally[timely_outcome(damaged)] += 1
        except Exception as error:
            raise AssertionError(f"damage {SEED}/{number} of file {number // PARTS % len(files)}: {error!r}") from error
    if DEEP:
        print(f"part {part}: {dict(tally)}", flush=True)
    assert tally["ModelError"] > 0.3 * tally.total(), tally
    assert tally["ran"] > 0.1 * tally.total(), tally


@pytest.mark.parametrize("name", ["every_operator", "two_branches"])
def test_every_truncation_is_refused_or_runs(name: str, schema: Any) -> None:
    content = pack_model({"every_operator": every_operator, "two_branches": two_branches}[name]())
    assert timely_outcome(content) == "ran"
    tally = Counter(timely_outcome(content[:length]) for length in range(len(content)))
    assert tally["ModelError"] >= 0.99 * tally.total(), tally
