"""Which types of tensors an operator takes, written as text: ``"int8 int8|int4 int32? -> int8"``.

Inputs stand before the arrow, outputs behind it, each a type or several with ``|`` between them. ``?`` marks an input
that may be left out, ``*`` any number of tensors (none included), ``+`` one or more.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ABSENT", "Accepts", "accepts", "mismatch"]

ABSENT = "none"  # the type of an optional input that is left out


@dataclass(frozen=True, slots=True)
class Accepts:
    """An operator that runs here.

    Attributes:
        file: its module in ``lower/``.
        signatures: the types it takes, each as described above.
        keeps_state: whether outputs are variable tensors, which the operator reads as well.
    """

    file: str
    signatures: tuple[str, ...]
    keeps_state: bool = False


def accepts(file: str, *signatures: str, keeps_state: bool = False, **types: str) -> Accepts:
    """An entry of the registry; a name in ``types`` stands, in every signature, for each of its types in turn.

    ``accepts("transpose", "T int32 -> T", T="int8 float32")`` takes int8 or float32, and gives the same.
    """
    expanded = list(signatures)
    for name, choices in types.items():
        expanded = [
            " ".join(_replaced(token, name, choice) for token in signature.split())
            for signature in expanded
            for choice in (choices.split() if name in _names(signature) else [""])
        ]
    return Accepts(file, tuple(expanded), keeps_state)


def _names(signature: str) -> set[str]:
    return {name for token in signature.split() for name in token.rstrip("?*+").split("|")}


def _replaced(token: str, name: str, choice: str) -> str:
    types = token.rstrip("?*+")
    return "|".join(choice if part == name else part for part in types.split("|")) + token[len(types) :]


def mismatch(entry: Accepts, inputs: Sequence[str], outputs: Sequence[str]) -> str | None:
    """What is wrong with these types, in words; None where one of the signatures takes them."""
    reasons = [_mismatch(signature, inputs, outputs) for signature in entry.signatures]
    if None in reasons:
        return None
    if len(reasons) == 1:
        return reasons[0]
    return f"these types are not supported; it takes {'; '.join(f'({one})' for one in entry.signatures)}"


def _mismatch(signature: str, inputs: Sequence[str], outputs: Sequence[str]) -> str | None:
    wanted_inputs, wanted_outputs = _parsed(signature)
    return _misfit("input", wanted_inputs, inputs) or _misfit("output", wanted_outputs, outputs)


def _misfit(role: str, wanted: tuple[tuple[frozenset[str], str], ...], found: Sequence[str]) -> str | None:
    """The first tensor that does not fit; tensors beyond those wanted are the operator's own business."""
    position = 0
    for types, mark in wanted:
        several = mark in ("*", "+")
        while position < len(found):
            type_ = found[position]
            if type_ not in types and not (type_ == ABSENT and mark == "?"):
                return f"{role} {position} is {type_}, not {' or '.join(sorted(types))}"
            position += 1
            if not several:
                break
    return None


@functools.cache
def _parsed(signature: str) -> tuple[tuple[tuple[frozenset[str], str], ...], tuple[tuple[frozenset[str], str], ...]]:
    inputs, _, outputs = signature.partition("->")
    first, second = (tuple(_token(token) for token in side.split()) for side in (inputs, outputs))
    return first, second


def _token(token: str) -> tuple[frozenset[str], str]:
    types = token.rstrip("?*+")
    return frozenset(types.split("|")), token[len(types) :]
