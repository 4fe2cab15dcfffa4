"""How often each score was seen, of samples of a class and of the others: what an area under a curve is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core.slots import AnyArray

__all__ = ["ScoreTable", "most_scores"]

_Counts = npt.NDArray[np.int64]
_ALL = 1 << 20


def most_scores(classes: int) -> int:
    """How many different scores are kept for each class: all that 16 bits can have, or fewer for many classes."""
    return max(256, min(1 << 16, _ALL // classes))


class ScoreTable:
    """Counts of scores. Exact as long as there are no more different ones than it keeps.

    Beyond that neighbours are counted as one: scores lose their last bit, and again, until there is room. Which bits
    are lost depends on all that was added alone, and not on the order.

    Args:
        most: how many different scores it keeps.
        level: how many bits have been lost.
        keys: whole numbers in the order of the scores, ascending.
        counts: for each key, of negative and positive samples.
    """

    def __init__(self, most: int, level: int = 0, keys: Any = (), counts: Any = ()) -> None:
        self.most: int = most
        self.level: int = level
        self.keys: _Counts = np.asarray(keys, np.int64)
        self.counts: _Counts = np.asarray(counts, np.int64).reshape(-1, 2)

    @classmethod
    def of(cls, scores: AnyArray, positive: npt.NDArray[np.bool_], most: int) -> ScoreTable:
        """A table of some samples' scores, whole numbers or float32."""
        keys, places = np.unique(_ordered(scores), return_inverse=True)
        counts = np.zeros((len(keys), 2), np.int64)
        np.add.at(counts, (places.reshape(-1), positive.astype(np.intp)), 1)
        table = cls(most, 0, keys, counts)
        table._make_room()
        return table

    def add(self, other: ScoreTable) -> None:
        """Counts what another table has counted, too."""
        level = max(self.level, other.level)
        keys = np.concatenate([self.keys >> (level - self.level), other.keys >> (level - other.level)])
        self._set(level, keys, np.concatenate([self.counts, other.counts]))
        self._make_room()

    def _make_room(self) -> None:
        while len(self.keys) > self.most:
            self._set(self.level + 1, self.keys >> 1, self.counts)

    def _set(self, level: int, keys: _Counts, counts: _Counts) -> None:
        self.level = level
        self.keys, places = np.unique(keys, return_inverse=True)
        self.counts = np.zeros((len(self.keys), 2), np.int64)
        np.add.at(self.counts, places.reshape(-1), counts)


def _ordered(scores: AnyArray) -> _Counts:
    """Whole numbers in the order of the scores: of floats their bits, those of negative ones turned round."""
    if scores.dtype.kind != "f":
        return scores.astype(np.int64)
    bits = (scores.astype(np.float32) + np.float32(0)).view(np.int32).astype(np.int64)  # -0.0 is 0.0
    return np.where(bits < 0, np.int64(-(2**31)) - bits, bits)
