"""A bad sample is named; it ends the evaluation, or is left out, as its user asks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ember_infer_tools.evaluate import BadSample, Evaluation, EvaluationError, evaluate
from tests.support.one_operator import one_operator, tensor
from tests.tools.evaluate.functions import never_dark
from tests.tools.evaluate.helpers import DIGITS, held_out


def judged(images: Any, labels: Any, **options: Any) -> Evaluation:
    return evaluate(DIGITS, images, labels, backends={"ref": "ref"}, metrics=["accuracy"], **options)


def test_values_that_are_none_and_classes_that_are_none() -> None:
    images, labels = held_out()
    images, labels = images.astype(np.float32), labels.astype(np.int64)
    images[17, 2, 2] = np.nan
    labels[200] = 10
    with pytest.raises(
        BadSample, match=r"^sample 17: .*NaN.* \(mend it, or leave bad samples out: --skip-bad, bad='skip'\)$"
    ):
        judged(images, labels)
    found = judged(images, labels, bad="skip", chunk=50)
    assert (found.samples, found.skipped) == (362, 2)
    assert [bad.sample for bad in found.bad] == [17, 200]
    assert found.bad[1].reason == "label 10: the model tells 10 classes apart, 0 to 9"
    good = np.delete(np.arange(364), [17, 200])
    assert found["ref"] == judged(images[good], labels[good])["ref"]


def test_samples_of_another_shape_among_others() -> None:
    images, labels = held_out()
    samples: list[Any] = list(images)
    samples[5] = np.zeros((4, 4))
    samples[9] = "text"
    found = judged(samples, labels, bad="skip")
    assert [bad.sample for bad in found.bad] == [5, 9]
    assert "not shape (4, 4)" in found.bad[0].reason
    assert "numbers are wanted" in found.bad[1].reason


def test_what_the_users_function_raises_is_told() -> None:
    images, labels = held_out()
    dark = np.flatnonzero(images.reshape(364, -1).max(axis=1) < 16)
    found = judged(images, labels, bad="skip", prepare=never_dark)
    assert found.skipped == len(dark) > 0
    assert found.bad[0].reason == "the function to prepare it: LookupError: no full pixel"
    assert found.bad[0].sample == dark[0]


def test_a_sample_without_an_answer_is_bad_on_all_sides() -> None:
    """RSQRT has none below the zero point."""
    model = one_operator("RSQRT", [tensor((1, 4), scale=0.1)], tensor((1, 4), scale=0.1))
    samples = np.full((8, 4), 20, np.int8)
    samples[3, 1] = -20
    sides = {"a": "ref", "b": "ref,rounding=double"}
    found = evaluate(model, samples, backends=sides, bad="skip")
    assert (found.samples, [bad.sample for bad in found.bad]) == (7, [3])
    with pytest.raises(BadSample, match=r"^sample 3: "):
        evaluate(model, samples, backends=sides)


def test_nothing_is_no_figure() -> None:
    images, _ = held_out()
    with pytest.raises(EvaluationError, match="none of the 364 samples can be evaluated: sample 0: label 11"):
        judged(images, np.full(364, 11), bad="skip")


def test_no_more_than_a_hundred_are_listed() -> None:
    images, labels = held_out()
    found = judged(images, np.where(np.arange(364) % 2, labels.astype(int), -1), bad="skip", chunk=30)
    assert found.skipped == 182
    assert [bad.sample for bad in found.bad] == list(range(0, 200, 2))
