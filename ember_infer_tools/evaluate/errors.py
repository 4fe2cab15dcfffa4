"""What can go wrong: one line each, what, where and what to do."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["EvaluationError", "needed"]


class EvaluationError(ValueError):
    """An evaluation that cannot be done, or must not go on."""


def needed(module: str, why: str) -> Any:
    """A module of the extra ``evaluate``, which only some evaluations want.

    Raises:
        EvaluationError: it is not installed; the message says how to get it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or module).partition(".")[0]
        raise EvaluationError(f"{why} needs {missing}: pip install 'ember-infer[evaluate]'") from error
