"""Judges models on data of any size; ``ember-infer evaluate`` on the command line."""

from __future__ import annotations

from ember_infer_tools.evaluate.errors import EvaluationError
from ember_infer_tools.evaluate.evaluation import evaluate
from ember_infer_tools.evaluate.job import BadSample
from ember_infer_tools.evaluate.results import Evaluation, Pair, SideFigures

__all__ = ["BadSample", "Evaluation", "EvaluationError", "Pair", "SideFigures", "evaluate"]
