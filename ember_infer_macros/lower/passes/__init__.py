"""What is done to a program after its operators are lowered: each pass is a function Program → Program.

No pass changes a byte that a kept tensor holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ember_infer_core.program import Program
from ember_infer_macros.lower.passes.alias_reshapes import alias_reshapes
from ember_infer_macros.lower.passes.alias_variables import alias_variables
from ember_infer_macros.lower.passes.drop_unread import drop_unread
from ember_infer_macros.lower.passes.name_layers import name_layers
from ember_infer_macros.lower.passes.own_outputs import own_outputs

__all__ = ["PASSES", "Pass"]

Pass: TypeAlias = Callable[[Program], Program]

# In this order.
PASSES: tuple[Pass, ...] = (own_outputs, drop_unread, alias_reshapes, alias_variables, name_layers)
