"""A bare model class, and what a module in an import cycle with this one makes of it."""

from __future__ import annotations

from typing import Literal

import cycle_heirs
from cycle_heirs import net


@net("sine.tflite")
class Base: ...


class Returned(cycle_heirs.Middle):
    label = "x"


first: Literal[1] = cycle_heirs.Heir.input_len()
second: Literal[1] = Returned.input_len()
third: Literal[2] = cycle_heirs.Outer.Inner.Heir.input_len()  # E: assignment
