"""What an evaluation has found."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ember_infer_tools.evaluate.blocks import Bad
from ember_infer_tools.evaluate.errors import needed
from ember_infer_tools.evaluate.plan import Plan
from ember_infer_tools.evaluate.scores import ScoreTable
from ember_infer_tools.evaluate.sums import Named, PairSums, SideSums, Sums

__all__ = ["Evaluation", "Pair", "SideFigures", "results"]


@dataclass(frozen=True, slots=True)
class SideFigures:
    """How good one side is.

    Attributes:
        name: of the side.
        metrics: by name, as asked for: a number, or the confusion matrix as rows of counts, a row for each class.
        auc_exact: whether no two scores were counted as one.
    """

    name: str
    metrics: dict[str, Any]
    auc_exact: bool = True


@dataclass(frozen=True, slots=True)
class Pair:
    """How much two sides differ.

    Attributes:
        a, b: their names.
        elements: of all outputs of all samples.
        elements_differ: how many of them are not the same on both sides.
        samples_differ: how many samples have such an element.
        decisions_differ: how many samples are decided otherwise; None where an output is no decision.
        largest: the largest difference between two elements: in steps of the quantisation where both models have the
            same, else in real values.
        largest_at: number of the first sample that has it; None where nothing differs.
        differing, deciding: number and file of the first hundred samples whose outputs, and decisions, differ.
    """

    a: str
    b: str
    elements: int
    elements_differ: int
    samples_differ: int
    decisions_differ: int | None
    largest: float
    largest_at: int | None
    differing: tuple[Named, ...]
    deciding: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What :func:`evaluate` has found.

    Attributes:
        model: its name.
        samples: how many were evaluated.
        skipped: how many were bad.
        bad: the first hundred of these.
        sides: figures of each side.
        pairs: differences of each two.
        resumed: how many of the samples an earlier run had done.
        seconds: that this run took.
    """

    model: str
    samples: int
    skipped: int
    bad: tuple[Bad, ...]
    sides: tuple[SideFigures, ...]
    pairs: tuple[Pair, ...]
    resumed: int
    seconds: float

    def __getitem__(self, name: str) -> dict[str, Any]:
        """The metrics of a side."""
        for side in self.sides:
            if side.name == name:
                return side.metrics
        raise KeyError(f"{name!r} is none of {', '.join(side.name for side in self.sides)}")

    def to_json(self) -> dict[str, Any]:
        """Everything, of types that JSON has: what is no number there, such as infinity, is null."""
        plain: dict[str, Any] = _finite(asdict(self))
        return plain


def _finite(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def results(
    model: str, plan: Plan, names: Sequence[str], elements: int, sums: Sums, resumed: int, seconds: float
) -> Evaluation:
    """From sums to figures.

    Args:
        model: name of the model.
        plan: what was asked.
        names: of the sides.
        elements: of all outputs of one sample.
        sums: of all samples.
        resumed: see :class:`Evaluation`.
        seconds: see :class:`Evaluation`.
    """
    pairs = zip(itertools.combinations(range(len(names)), 2), sums.pairs, strict=True)
    return Evaluation(
        model=model,
        samples=sums.samples,
        skipped=sums.skipped,
        bad=tuple(sums.bad),
        sides=tuple(_side(plan, name, side, sums.samples) for name, side in zip(names, sums.sides, strict=True)),
        pairs=tuple(_pair(plan, names[a], names[b], elements * sums.samples, pair) for (a, b), pair in pairs),
        resumed=resumed,
        seconds=seconds,
    )


def _side(plan: Plan, name: str, sums: SideSums, samples: int) -> SideFigures:
    exact = all(table.level == 0 for table in sums.scores)
    return SideFigures(name, {metric: _metric(metric, plan, sums, samples) for metric in plan.metrics}, exact)


def _metric(metric: str, plan: Plan, sums: SideSums, samples: int) -> Any:
    if metric == "confusion":
        return sums.confusion.tolist()
    if metric == "auc":
        return _mean([_auc(table) for table in sums.scores])
    if metric == "mae":
        return float(sums.error / (samples * plan.length))
    places = 1 if metric == "accuracy" else int(metric.removeprefix("top-"))
    return int(sums.ranks[:places].sum()) / samples


def _auc(table: ScoreTable) -> float:
    """Area under the curve, of counted scores."""
    negative, positive = table.counts[:, 0], table.counts[:, 1]
    if not (negative.any() and positive.any()):
        return math.nan  # as without a sample, nobody knows
    metrics = needed("sklearn.metrics", "the metric auc")
    labels = np.repeat([0, 1], len(table.keys))
    scores = np.concatenate([table.keys, table.keys])
    return float(metrics.roc_auc_score(labels, scores, sample_weight=np.concatenate([negative, positive])))


def _mean(areas: Sequence[float]) -> float:
    """Each class against all others, all of the same weight."""
    return math.fsum(areas) / len(areas)


def _pair(plan: Plan, a: str, b: str, elements: int, sums: PairSums) -> Pair:
    return Pair(
        a=a,
        b=b,
        elements=elements,
        elements_differ=sums.elements,
        samples_differ=sums.samples,
        decisions_differ=sums.decisions if plan.decides else None,
        largest=sums.largest,
        largest_at=None if sums.largest_at < 0 else sums.largest_at,
        differing=tuple(sums.differing),
        deciding=tuple(sums.deciding),
    )
