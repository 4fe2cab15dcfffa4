"""Our tables of operators' options beside the official schema's."""

from __future__ import annotations

import dataclasses
from typing import Any


def read_fields(options: Any) -> list[str]:
    """The fields that the reader reads; the others only keep a place."""
    return [field.name for field in dataclasses.fields(options) if field.metadata]


def official_name(field: str) -> str:
    """The name of a field in the official schema's object API."""
    first, *others = field.split("_")
    return first + "".join(word.capitalize() for word in others)
