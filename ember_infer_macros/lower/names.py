"""Python identifiers for layers, from whatever a model file calls its tensors."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

__all__ = ["identifier", "layer_names"]

_MAX_LENGTH = 48
# Many layers may share one long name; its end is enough to tell what a layer is.
_READ_LENGTH = 1000


def layer_names(tensor_names: Sequence[str], methods: Sequence[str]) -> list[str]:
    """A short, unique identifier for each operator call.

    Args:
        tensor_names: name of each call's output tensor; of a fused chain ``a;b;c`` the last is the layer's own.
        methods: the call's method, for layers without a usable name.
    """
    paths = [re.split(r"[;,]", name[-_READ_LENGTH:])[-1].strip("/ ").split("/") for name in tensor_names]
    common = _common_prefix_length(paths)
    names: dict[str, None] = {}  # a set that keeps its order
    next_number: dict[str, int] = {}
    for path, method in zip(paths, methods, strict=True):
        wanted = name = identifier("_".join(path[common:]), method)
        while name in names:
            number = next_number.get(wanted, 2)
            name, next_number[wanted] = f"{wanted}_{number}", number + 1
        names[name] = None
    return list(names)


def identifier(text: str, fallback: str) -> str:
    """ASCII snake case, no keyword, not too long; ``fallback`` where nothing is left."""
    whole = re.sub(r"[^0-9a-z]+", "_", text[-_READ_LENGTH:].lower()).strip("_")
    name = whole[-_MAX_LENGTH:].strip("_")
    if len(whole) > _MAX_LENGTH and whole[-_MAX_LENGTH - 1] != "_" and whole[-_MAX_LENGTH] != "_":
        name = name.partition("_")[2] or name  # no half of a word
    if not name or name[0].isdigit():
        name = f"{fallback}_{name}".rstrip("_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _common_prefix_length(paths: Sequence[Sequence[str]]) -> int:
    """How many leading parts all paths share, leaving each at least its last one."""
    if len(paths) < 2:
        return len(paths[0]) - 1 if paths else 0
    shared = 0
    for parts in zip(*(path[:-1] for path in paths), strict=False):
        if len(set(parts)) > 1:
            break
        shared += 1
    return shared
