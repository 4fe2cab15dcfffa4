"""Heirs of a class of a module that imports this one, which has the decorator from here."""

from __future__ import annotations

from abc import ABC, ABCMeta
from typing import Literal

import cycle_base
from ember_infer_macros import ember_model as net


class Middle(cycle_base.Base):
    extra = 3


class Heir(Middle): ...


class Outer:
    class Inner:
        class Heir(cycle_base.Base): ...


class Meta(cycle_base.Base, metaclass=ABCMeta): ...


class Mixed(cycle_base.Base, ABC): ...


class Again(cycle_base.Returned): ...


one: Literal[1] = cycle_base.Base.input_len()
two: Literal[1] = Mixed.input_len()
three: Literal[2] = Meta.input_len()  # E: assignment
four: str = Again.extra  # E: assignment

__all__ = ["Again", "Heir", "Meta", "Middle", "Mixed", "Outer", "net"]
