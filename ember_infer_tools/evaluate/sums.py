"""What is kept of samples that have been evaluated: small sums, the same whatever the order in which they are added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_tools.evaluate.blocks import Bad
from ember_infer_tools.evaluate.plan import Plan
from ember_infer_tools.evaluate.scores import ScoreTable, most_scores

__all__ = ["SHOWN", "Named", "PairSums", "SideSums", "Sums", "whole_number"]

_MOST_LEVELS = 63
SHOWN = 100  # samples of each kind whose numbers are kept: the first ones

Named: TypeAlias = tuple[int, str]


def whole_number(value: Any) -> int:
    """A count that was kept.

    Raises:
        ValueError: it is none.
    """
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ValueError("a count is wanted")
    return value


def _counts(values: list[Any]) -> npt.NDArray[np.int64]:
    return np.array([whole_number(value) for value in values], np.int64)


def _first(some: Sequence[Named], others: Sequence[Named]) -> list[Named]:
    return sorted([*some, *others])[:SHOWN]


@dataclass
class SideSums:
    """Of one side.

    Attributes:
        ranks: how many labels have each place among the answers, the largest first; the last is for all other places.
        confusion: samples of each class (row) and decision (column).
        error: the sum of absolute errors, exactly.
        scores: for each class, or for class 1 of two, how often each score was seen.
    """

    ranks: npt.NDArray[np.int64]
    confusion: npt.NDArray[np.int64]
    error: Fraction
    scores: list[ScoreTable]

    @classmethod
    def empty(cls, plan: Plan) -> SideSums:
        """Of no samples."""
        size = plan.classes if plan.confusion else 0
        most = most_scores(plan.classes)
        tables = (1 if plan.classes == 2 else plan.classes) if plan.auc else 0
        return cls(
            np.zeros(plan.ranks + 1, np.int64),
            np.zeros((size, size), np.int64),
            Fraction(0),
            [ScoreTable(most) for _ in range(tables)],
        )

    def add(self, other: SideSums) -> None:
        """Adds what other samples came to."""
        self.ranks += other.ranks
        self.confusion += other.confusion
        self.error += other.error
        for table, more in zip(self.scores, other.scores, strict=True):
            table.add(more)

    def to_json(self) -> dict[str, Any]:
        """Plain data; of the confusion matrix only what is not 0."""
        places = np.flatnonzero(self.confusion)
        return {
            "ranks": self.ranks.tolist(),
            "confusion": [places.tolist(), self.confusion.reshape(-1)[places].tolist()],
            "error": [str(self.error.numerator), str(self.error.denominator)],
            "scores": [[table.level, table.keys.tolist(), table.counts.tolist()] for table in self.scores],
        }

    @classmethod
    def from_json(cls, plan: Plan, content: dict[str, Any]) -> SideSums:
        """The same again."""
        sums = cls.empty(plan)
        for place, count in zip(range(len(sums.ranks)), _counts(content["ranks"]), strict=True):
            sums.ranks[place] = count
        places, counts = map(_counts, content["confusion"])
        for place, count in zip(places, counts, strict=True):
            sums.confusion.reshape(-1)[place] = count
        numerator, denominator = content["error"]
        sums.error = Fraction(int(numerator), int(denominator))
        for table, (level, keys, seen) in zip(sums.scores, content["scores"], strict=True):
            if whole_number(level) > _MOST_LEVELS:
                raise ValueError("scores that have lost all their bits")
            table.add(ScoreTable(table.most, level, keys, [_counts(pair) for pair in seen]))
        return sums


@dataclass
class PairSums:
    """Of two sides.

    Attributes:
        elements, samples, decisions: how many differ.
        largest: the largest difference; NaN against a number is infinite.
        largest_at: the first sample that has it; -1 where nothing differs.
        differing, deciding: the first samples whose outputs, and decisions, differ.
    """

    elements: int = 0
    samples: int = 0
    decisions: int = 0
    largest: float = 0.0
    largest_at: int = -1
    differing: list[Named] = field(default_factory=list)
    deciding: list[Named] = field(default_factory=list)

    def add(self, other: PairSums) -> None:
        """Adds what other samples came to."""
        self.elements += other.elements
        self.samples += other.samples
        self.decisions += other.decisions
        if other.largest > self.largest or (other.largest == self.largest and 0 <= other.largest_at < self.largest_at):
            self.largest, self.largest_at = other.largest, other.largest_at
        self.differing = _first(self.differing, other.differing)
        self.deciding = _first(self.deciding, other.deciding)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {name: getattr(self, name) for name in PairSums.__dataclass_fields__}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> PairSums:
        """The same again."""
        lists = {name: [(int(n), str(text)) for n, text in content[name]] for name in ("differing", "deciding")}
        return cls(
            elements=whole_number(content["elements"]),
            samples=whole_number(content["samples"]),
            decisions=whole_number(content["decisions"]),
            largest=float(content["largest"]),
            largest_at=int(content["largest_at"]),
            **lists,
        )


@dataclass
class Sums:
    """Of some samples.

    Attributes:
        samples: how many were evaluated.
        skipped: how many were not.
        bad: the first of these.
        sides: for each side.
        pairs: for each two of them, in the order of ``itertools.combinations``.
    """

    samples: int
    skipped: int
    bad: list[Bad]
    sides: list[SideSums]
    pairs: list[PairSums]

    @classmethod
    def empty(cls, plan: Plan, sides: int) -> Sums:
        """Of no samples."""
        pairs = sides * (sides - 1) // 2
        return cls(0, 0, [], [SideSums.empty(plan) for _ in range(sides)], [PairSums() for _ in range(pairs)])

    def add(self, other: Sums) -> None:
        """Adds what other samples came to."""
        self.samples += other.samples
        self.skipped += other.skipped
        self.bad = sorted([*self.bad, *other.bad], key=lambda bad: bad.sample)[:SHOWN]
        for side, more in zip(self.sides, other.sides, strict=True):
            side.add(more)
        for pair, also in zip(self.pairs, other.pairs, strict=True):
            pair.add(also)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "samples": self.samples,
            "skipped": self.skipped,
            "bad": [[bad.sample, bad.name, bad.reason] for bad in self.bad],
            "sides": [side.to_json() for side in self.sides],
            "pairs": [pair.to_json() for pair in self.pairs],
        }

    @classmethod
    def from_json(cls, plan: Plan, content: dict[str, Any]) -> Sums:
        """The same again."""
        return cls(
            whole_number(content["samples"]),
            whole_number(content["skipped"]),
            [Bad(int(sample), str(name), str(reason)) for sample, name, reason in content["bad"]],
            [SideSums.from_json(plan, side) for side in content["sides"]],
            [PairSums.from_json(pair) for pair in content["pairs"]],
        )
