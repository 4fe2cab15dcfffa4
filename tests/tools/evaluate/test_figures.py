"""Metrics and differences are those of all samples at once, however they were cut into pieces."""

from __future__ import annotations

import random

import numpy as np
import pytest

from ember_infer_macros import QuantizedModel, ember_model
from ember_infer_ref import RefBackend
from ember_infer_tools.evaluate import EvaluationError, evaluate
from ember_infer_tools.evaluate.evaluation import Runs
from ember_infer_tools.evaluate.scores import ScoreTable
from tests.conftest import REPOSITORY
from tests.tools.evaluate.functions import Turned
from tests.tools.evaluate.helpers import DIGITS, Digits, answers, held_out, needs

SINE = REPOSITORY / "models" / "sine.tflite"


def test_accuracy_top_k_and_confusion_are_counts() -> None:
    images, labels = held_out()
    metrics = ["accuracy", "top-2", "top-10", "confusion"]
    found = evaluate(Digits, images, labels, backends={"ref": "ref"}, metrics=metrics, chunk=50)["ref"]
    decided = answers(images).argmax(axis=1)
    assert found["accuracy"] == (decided == labels).sum() / 364
    assert found["accuracy"] < found["top-2"] <= found["top-10"] == 1
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (labels, decided), 1)
    assert found["confusion"] == confusion.tolist()


def test_scikit_learn_says_the_same() -> None:
    sklearn = needs("sklearn.metrics")
    images, labels = held_out()
    metrics = ["accuracy", "confusion", "auc"]
    found = evaluate(Digits, images, labels, backends={"ref": "ref"}, metrics=metrics, chunk=37)
    probabilities = answers(images).reshape(364, 10).astype(float)
    decided = probabilities.argmax(axis=1)
    assert found["ref"]["accuracy"] == pytest.approx(sklearn.accuracy_score(labels, decided), rel=1e-14)
    assert found["ref"]["confusion"] == sklearn.confusion_matrix(labels, decided).tolist()
    areas = [sklearn.roc_auc_score(labels == one, probabilities[:, one]) for one in range(10)]
    assert found["ref"]["auc"] == pytest.approx(np.mean(areas), rel=1e-12)
    assert found.sides[0].auc_exact


def test_mean_absolute_error_is_of_real_values() -> None:
    @ember_model(str(SINE))
    class Sine(QuantizedModel): ...

    xs = np.linspace(0, 6.2, 300, dtype=np.float32).reshape(-1, 1)
    found = evaluate(Sine, xs, np.sin(xs), backends={"ref": "ref"}, metrics=["mae"], chunk=7)
    quantised = Sine.predict_batch(RefBackend(), Sine.quantize(xs))
    errors = np.abs(np.asarray(Sine.dequantize(quantised), np.float64) - np.sin(xs))
    assert found["ref"]["mae"] == pytest.approx(errors.mean(), rel=1e-12)


def test_an_output_of_one_element_decides_by_the_threshold() -> None:
    xs = np.linspace(0, 6.2, 100, dtype=np.float32)
    labels = np.sin(xs) > 0.2
    metrics = ["accuracy", "confusion"]
    found = evaluate(SINE, xs, labels, backends={"ref": "ref"}, metrics=metrics, threshold=0.2)["ref"]
    assert found["accuracy"] > 0.9
    assert evaluate(SINE, xs, labels, backends={"ref": "ref"}, metrics=metrics, threshold=5)["ref"]["confusion"] == [
        [int((~labels).sum()), 0],
        [int(labels.sum()), 0],
    ]


def test_two_sides_differ_in_what_is_counted() -> None:
    images, labels = held_out()
    (pair,) = evaluate(Digits, images, labels, backends={"a": "ref", "b": Turned()}, chunk=100).pairs
    right = answers(images).reshape(364, 10).astype(int)
    turned = np.where(right[:, 1:2] == -128, right[:, ::-1], right)
    samples = np.flatnonzero((right != turned).any(axis=1))
    decisions = np.flatnonzero(right.argmax(axis=1) != turned.argmax(axis=1))
    assert (pair.elements, pair.elements_differ) == (3640, int((right != turned).sum()))
    assert pair.samples_differ == len(samples) > 100
    assert [number for number, _ in pair.differing] == samples[:100].tolist()
    assert pair.decisions_differ == len(decisions) > 100
    assert [number for number, _ in pair.deciding] == decisions[:100].tolist()
    assert pair.largest == np.abs(right - turned).max()
    assert pair.largest_at == int(np.abs(right - turned).max(axis=1).argmax())


def test_the_exact_sides_do_not_differ(tflm_wheel: None) -> None:
    images, _ = held_out()
    (pair,) = evaluate(DIGITS, images[:100], backends={"ref": "ref", "tflm": "tflm"}).pairs
    assert (pair.elements_differ, pair.decisions_differ, pair.largest_at) == (0, 0, None)


def test_other_models_are_fed_and_compared_in_real_values() -> None:
    """Of themselves: all is equal, in whatever unit."""
    images, labels = held_out()
    sides: dict[str, Runs] = {"mine": "ref", "theirs": (DIGITS.read_bytes(), "ref")}
    (pair,) = evaluate(DIGITS, images[:20], labels[:20], backends=sides, metrics=["accuracy"]).pairs
    assert pair.elements_differ == 0


def test_models_of_other_shapes_are_refused() -> None:
    with pytest.raises(EvaluationError, match=r"sine.tflite: elements of inputs and outputs .* are others than"):
        evaluate(DIGITS, held_out()[0], backends={"a": "ref", "b": (SINE, "ref")})


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (["precision"], "metric 'precision': write accuracy, top-K"),
        (["top-11"], "tells 10 classes apart"),
        (["mae", "accuracy"], "one by one"),
    ],
)
def test_metrics_that_cannot_be_are_refused(metrics: list[str], message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        evaluate(DIGITS, *held_out(), backends={"ref": "ref"}, metrics=metrics)


def test_counts_of_scores_do_not_depend_on_the_order() -> None:
    numbers = np.random.default_rng(5)
    scores = numbers.normal(size=4000).astype(np.float32)
    positive = numbers.random(4000) < 0.3
    orders = []
    for seed in range(4):
        parts = np.array_split(np.arange(4000), 11 + seed)
        random.Random(seed).shuffle(parts)
        table = ScoreTable(256)
        for part in parts:
            table.add(ScoreTable.of(scores[part], positive[part], 256))
        orders.append((table.level, table.keys.tolist(), table.counts.tolist()))
    assert all(order == orders[0] for order in orders)
    level, keys, counts = orders[0]
    assert level > 0
    assert 128 <= len(keys) <= 256
    assert np.sum(counts, axis=0).tolist() == [int((~positive).sum()), int(positive.sum())]
    assert ScoreTable.of(scores, positive, 256).keys.tolist() == keys
