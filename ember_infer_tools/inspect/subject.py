"""An operator of the file while it is inspected."""

from __future__ import annotations

from dataclasses import dataclass

from ember_infer_core.slots import OperatorParams
from ember_infer_macros.lower.common import Lowered
from ember_infer_macros.tflite.graph import GraphOperator

__all__ = ["Subject"]


@dataclass(frozen=True, slots=True)
class Subject:
    """An operator of the file, and its parameters or what stands in their way."""

    operator: GraphOperator
    lowered: Lowered | None
    problem: str | None

    @property
    def params(self) -> OperatorParams | None:
        """The parameters, if nothing stands in their way."""
        return None if self.lowered is None else self.lowered.params
