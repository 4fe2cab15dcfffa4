"""Two models of one question, each with a quantisation of its own."""

from __future__ import annotations

import numpy as np
import pytest

from ember_infer_tools.evaluate import Evaluation, EvaluationError, evaluate
from tests.support.one_operator import one_operator, tensor


def relu(scale: float) -> bytes:
    return one_operator("RELU", [tensor((1, 3), scale=scale)], tensor((1, 3), scale=scale))


def judged(samples: object) -> Evaluation:
    return evaluate(relu(0.5), samples, backends={"coarse": "ref", "fine": (relu(0.25), "ref")}, bad="stop")


def test_each_quantises_real_values_itself_and_they_are_compared_in_real_values() -> None:
    samples = np.array([[-1, 0.5, 1], [0.75, 0, 0], [0.25, 2, 3]], np.float32)
    (pair,) = judged(samples).pairs
    assert (pair.elements_differ, pair.samples_differ, pair.largest) == (2, 2, 0.25)
    assert [number for number, _ in pair.differing] == [1, 2]


def test_what_is_quantised_already_is_so_for_one_of_them_alone() -> None:
    with pytest.raises(EvaluationError, match="int8 is quantised for one of the models alone: give real values"):
        judged(np.zeros((2, 3), np.int8))


def test_a_batch_of_the_model_is_no_sample() -> None:
    model = one_operator("RELU", [tensor((4, 3))], tensor((4, 3)))
    with pytest.raises(EvaluationError, match="it takes 4 samples at once"):
        evaluate(model, np.zeros((8, 3), np.int8), backends={"ref": "ref"})


def test_several_inputs_come_side_by_side() -> None:
    model = one_operator("ADD", [tensor((1, 2)), tensor((1, 2))], tensor((1, 2)))
    left, right = np.array([[1, 2], [3, -9]], np.int8), np.array([[4, 0], [-9, 1]], np.int8)
    labels = (left + right).argmax(axis=1)
    together = zip(left, right, strict=True)
    with_labels = zip(left, right, labels, strict=True)
    for data, own in (([left, right], labels), (together, labels), (with_labels, None)):
        assert evaluate(model, data, own, backends={"ref": "ref"}, metrics=["accuracy"])["ref"]["accuracy"] == 1
