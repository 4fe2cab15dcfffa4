"""Random changes to a model's meaning: its bytes stay a well-formed FlatBuffer, its parts may contradict each other."""

from __future__ import annotations

import random
import struct
from typing import Any

from ember_infer_tools.tflite_writer import pack_model

# Attributes that hold no structure: weights' bytes, names, ranges for humans.
PASSED_OVER = {"data", "name", "description", "min", "max", "metadata", "debugMetadataIndex"}
INTEGERS = (-129, -128, -2, -1, 0, 1, 2, 3, 4, 5, 6, 8, 9, 16, 127, 128, 255, 1000, 65536, 2**31 - 1, -(2**31))
FLOATS = (0.0, -1.0, 1.0, 1 / 256, 1e-45, 1e-30, 1e-9, 1e-3, 1000.0, 1e30, 3e38, float("inf"), float("nan"))


def altered(model: Any, source: random.Random) -> bytes:
    """The bytes of the ``ModelT`` after one or two changes, which stay in it."""
    places = list(attributes(model))
    for _ in range(source.choice((1, 1, 2))):
        while True:
            owner, name = source.choice(places)
            before = getattr(owner, name)
            setattr(owner, name, changed(before, source))
            try:
                pack_model(model)
            except (TypeError, struct.error, AttributeError, ValueError):
                setattr(owner, name, before)  # the schema has no room for the new value
            else:
                break
    return pack_model(model)


def attributes(table: Any) -> list[tuple[Any, str]]:
    """Every attribute of every table, with the table that holds it."""
    found = []
    for name, value in vars(table).items():
        if name in PASSED_OVER:
            continue
        if isinstance(value, bool | int | float) or is_vector(value):
            found.append((table, name))
        else:
            found += [pair for child in children(value) for pair in attributes(child)]
    return found


def is_vector(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, bool | int | float) for item in value)


def children(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [value] if hasattr(value, "__dict__") else []


def changed(value: Any, source: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return source.choice((value - 1, value + 1, value * 2, *INTEGERS))
    if isinstance(value, float):
        return source.choice((value / 2, value * 2, -value, *FLOATS))
    if isinstance(value, list):
        return changed_vector(value, source)
    return None


def changed_vector(value: list[Any], source: random.Random) -> list[Any] | None:
    kind = source.choice(("element", "element", "element", "element", "swap", "drop", "add", "empty", "absent"))
    if not value or kind == "absent":
        return None
    result = list(value)
    index = source.randrange(len(result))
    if kind == "element":
        result[index] = changed(result[index], source)
    elif kind == "swap":
        other = source.randrange(len(result))
        result[index], result[other] = result[other], result[index]
    elif kind == "drop":
        del result[index]
    elif kind == "add":
        result.insert(index, result[index])
    else:
        result.clear()
    return result
