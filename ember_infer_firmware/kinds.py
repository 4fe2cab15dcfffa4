"""The kinds of kernels that exported code can call."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["KINDS", "checked_kind"]

# Name -> what they are, in words.
KINDS: Mapping[str, str] = {
    "reference": "its own kernels, in plain C for any processor",
}


def checked_kind(kernels: str) -> str:
    """The same name.

    Raises:
        ValueError: there are no such kernels.
    """
    if kernels not in KINDS:
        known = " or ".join(map(repr, KINDS))
        raise ValueError(f"kernels must be {known}, not {kernels!r}")
    return kernels
