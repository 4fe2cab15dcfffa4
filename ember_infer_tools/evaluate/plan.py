"""What is asked of an evaluation: metrics by name, and what has to be summed up for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ember_infer_tools.evaluate.errors import EvaluationError, needed

__all__ = ["METRICS", "Plan", "make_plan"]

METRICS = ("accuracy", "top-K", "confusion", "auc", "mae")
_TOP = re.compile(r"top-([1-9][0-9]{0,5})")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is summed up.

    Attributes:
        metrics: names, as asked for.
        output: number of the model's output that answers.
        length: elements of that output.
        classes: that the model tells apart: elements of the output, or 2 where it has one.
        ranks: how many places of a label among the answers are counted; 0 where nobody asks.
        confusion, auc, mae: whether each is summed up.
        decides: whether the largest element of the output is a decision; of an output with one element, whether it
            reaches the threshold.
        threshold: a real value.
    """

    metrics: tuple[str, ...]
    output: int
    length: int
    classes: int
    ranks: int
    confusion: bool
    auc: bool
    mae: bool
    decides: bool
    threshold: float

    @property
    def wants_classes(self) -> bool:
        """Whether labels are numbers of classes."""
        return bool(self.ranks) or self.confusion or self.auc


def make_plan(metrics: Sequence[str], output: int, lengths: Sequence[int], threshold: float) -> Plan:
    """Reads the metrics' names.

    Args:
        metrics: of :data:`METRICS`.
        output: number of the output that answers.
        lengths: elements of each output.
        threshold: see :class:`Plan`.

    Raises:
        EvaluationError: a name is not known, asks for what the model cannot tell, or there is no such output.
    """
    if not 0 <= output < len(lengths):
        raise EvaluationError(f"output {output}: the model has {len(lengths)}, counted from 0")
    classes = max(2, lengths[output])
    tops = []
    for name in metrics:
        match = _TOP.fullmatch(name)
        if match is None and name not in METRICS:
            raise EvaluationError(f"metric {name!r}: write {', '.join(METRICS)} (such as top-5)")
        if match is not None and int(match[1]) > classes:
            raise EvaluationError(f"metric {name!r}: the model tells {classes} classes apart")
        tops += [int(match[1])] if match else [1] if name == "accuracy" else []
    if "auc" in metrics:
        needed("sklearn.metrics", "the metric auc")  # at the end it would be late to say so
    plain = {"confusion", "auc"} & set(metrics)
    if "mae" in metrics and (tops or plain):
        raise EvaluationError("metric 'mae' takes values as labels, the others classes: evaluate them one by one")
    decides = bool(tops or plain) or (lengths[output] > 1 and "mae" not in metrics)
    return Plan(
        metrics=tuple(dict.fromkeys(metrics)),
        output=output,
        length=lengths[output],
        classes=classes,
        ranks=max(tops, default=0),
        confusion="confusion" in metrics,
        auc="auc" in metrics,
        mae="mae" in metrics,
        decides=decides,
        threshold=threshold,
    )
