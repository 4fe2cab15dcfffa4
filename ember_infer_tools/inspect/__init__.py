"""What a model needs and whether it fits: operators, shapes, quantisation, MACs, memory, scratch, oddities.

``ember-infer inspect`` on the command line. A model that is not (wholly) supported is inspected as far as it can be
read: each operator is lowered by itself.
"""

from __future__ import annotations

from ember_infer_tools.inspect.inspection import inspect_model
from ember_infer_tools.inspect.operators import multiplications
from ember_infer_tools.inspect.results import (
    ArenaBlock,
    ArenaReport,
    BackendReport,
    ContentReport,
    ModelReport,
    OperatorReport,
    PortReport,
    QuantReport,
    TensorReport,
    VariableReport,
    to_json,
)

__all__ = [
    "ArenaBlock",
    "ArenaReport",
    "BackendReport",
    "ContentReport",
    "ModelReport",
    "OperatorReport",
    "PortReport",
    "QuantReport",
    "TensorReport",
    "VariableReport",
    "inspect_model",
    "multiplications",
    "to_json",
]
