"""What a check has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Finding", "Level"]

# "warning": results may be wrong, useless or differ between kernels. "hint": time and memory.
Level: TypeAlias = Literal["warning", "hint"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing before a model is deployed: where, what, and so what.

    Attributes:
        check: name of the check, such as ``accumulator-overflow``.
        level: ``warning`` or ``hint``.
        where: operator or tensor, with its number and name.
        what: what is so.
        consequence: what follows from it.
        operator: its number, where it is about one.
    """

    check: str
    level: Level
    where: str
    what: str
    consequence: str
    operator: int | None = None
