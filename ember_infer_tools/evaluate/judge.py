"""What the outputs of a block of samples come to."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_core.slots import AnyArray
from ember_infer_macros.ports import Port
from ember_infer_tools.evaluate.plan import Plan
from ember_infer_tools.evaluate.scores import ScoreTable, most_scores
from ember_infer_tools.evaluate.sums import SHOWN, Named, PairSums, SideSums, Sums

__all__ = ["Answers", "judge"]

# Of one side: for each output of its model an array with a row for each sample.
Answers: TypeAlias = Sequence[AnyArray]


def judge(
    plan: Plan,
    ports: Sequence[Sequence[Port]],
    answers: Sequence[Answers],
    labels: AnyArray | None,
    samples: Sequence[Named],
) -> Sums:
    """Sums up what all sides answer.

    Args:
        plan: what is asked.
        ports: outputs of each side's model.
        answers: of each side, one row for each sample.
        labels: classes, or rows of real values for ``mae``; None where nobody asks.
        samples: their numbers and names.
    """
    decided = [_decisions(plan, own[plan.output], port[plan.output]) for own, port in zip(answers, ports, strict=True)]
    sides = [
        _side(plan, own[plan.output], port[plan.output], decisions, labels)
        for own, port, decisions in zip(answers, ports, decided, strict=True)
    ]
    pairs = [
        _pair(answers[a], answers[b], ports[a], ports[b], decided[a], decided[b], samples)
        for a, b in itertools.combinations(range(len(answers)), 2)
    ]
    return Sums(len(samples), 0, [], sides, pairs)


def _decisions(plan: Plan, output: AnyArray, port: Port) -> npt.NDArray[np.intp] | None:
    if not plan.decides:
        return None
    if output.shape[1] > 1:
        return np.asarray(np.argmax(output, axis=1), np.intp)
    return (port.dequantize(output[:, 0]) >= plan.threshold).astype(np.intp)


def _side(
    plan: Plan, output: AnyArray, port: Port, decisions: npt.NDArray[np.intp] | None, labels: AnyArray | None
) -> SideSums:
    sums = SideSums.empty(plan)
    if labels is None:
        return sums
    if plan.mae:
        real = port.dequantize(output).astype(np.float64)
        sums.error = Fraction(math.fsum(np.abs(real - labels).reshape(-1)))
    if decisions is None:
        return sums
    if plan.ranks:
        places = _ranks(output, labels) if output.shape[1] > 1 else (decisions != labels).astype(np.intp)
        sums.ranks += np.bincount(np.minimum(places, plan.ranks), minlength=plan.ranks + 1)
    if plan.confusion:
        cells = np.bincount(labels * plan.classes + decisions, minlength=plan.classes**2)
        sums.confusion += cells.reshape(plan.classes, plan.classes)
    if plan.auc:
        sums.scores = _scores(output, labels, most_scores(plan.classes))
    return sums


def _ranks(output: AnyArray, labels: AnyArray) -> npt.NDArray[np.intp]:
    """Place of the label among the answers; of equal ones the first comes first, as with ``argmax``."""
    own = np.take_along_axis(output, labels[:, np.newaxis], axis=1)
    before = np.arange(output.shape[1]) < labels[:, np.newaxis]
    return np.asarray(np.count_nonzero((output > own) | ((output == own) & before), axis=1), np.intp)


def _scores(output: AnyArray, labels: AnyArray, most: int) -> list[ScoreTable]:
    """Of the last element where there are two classes, and else of each class against all others."""
    if output.shape[1] <= 2:
        return [ScoreTable.of(output[:, -1], labels == 1, most)]
    return [ScoreTable.of(output[:, index], labels == index, most) for index in range(output.shape[1])]


def _pair(
    a: Answers,
    b: Answers,
    a_ports: Sequence[Port],
    b_ports: Sequence[Port],
    a_decides: npt.NDArray[np.intp] | None,
    b_decides: npt.NDArray[np.intp] | None,
    samples: Sequence[Named],
) -> PairSums:
    """Differences of all outputs: of elements where both sides mean the same by them, else of real values."""
    elements = np.zeros(len(samples), np.int64)
    largest = np.zeros(len(samples), np.float64)
    for left, right, left_port, right_port in zip(a, b, a_ports, b_ports, strict=True):
        if (left_port.dtype, left_port.quant) != (right_port.dtype, right_port.quant):
            left, right = left_port.dequantize(left), right_port.dequantize(right)
        far = _distances(left, right)
        elements += np.count_nonzero(far, axis=1)
        largest = np.maximum(largest, far.max(axis=1, initial=0))
    differing = np.flatnonzero(elements)
    deciding = np.flatnonzero(a_decides != b_decides) if a_decides is not None else np.zeros(0, np.intp)
    at = int(np.argmax(largest)) if len(differing) else -1
    return PairSums(
        elements=int(elements.sum()),
        samples=len(differing),
        decisions=len(deciding),
        largest=float(largest[at]) if at >= 0 else 0.0,
        largest_at=samples[at][0] if at >= 0 else -1,
        differing=[samples[place] for place in differing[:SHOWN]],
        deciding=[samples[place] for place in deciding[:SHOWN]],
    )


def _distances(a: AnyArray, b: AnyArray) -> npt.NDArray[Any]:
    """0 where they are equal, NaN to NaN too; infinite from NaN to a number."""
    if a.dtype.kind != "f" and b.dtype.kind != "f":
        return np.abs(a.astype(np.int64) - b.astype(np.int64))
    with np.errstate(invalid="ignore"):
        far = np.abs(a.astype(np.float64) - b.astype(np.float64))
    far[(a == b) | (np.isnan(a) & np.isnan(b))] = 0
    far[np.isnan(far)] = np.inf
    return far
