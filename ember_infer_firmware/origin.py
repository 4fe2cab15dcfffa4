"""Where an export comes from: for its manifest, its README and the comments in its files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ember_infer_core.version import installed_version

__all__ = ["Origin", "tool"]


@dataclass(frozen=True, slots=True)
class Origin:
    """A model's file.

    Attributes:
        file: its name.
        sha256: of its content.
    """

    file: str
    sha256: str

    @classmethod
    def of(cls, file: str, content: bytes) -> Origin:
        """Of a file with this content."""
        return cls(file, hashlib.sha256(content).hexdigest())


def tool() -> str:
    """This program and its version, if it is installed rather than lying around."""
    version = installed_version()
    return "Ember Infer" if version is None else f"Ember Infer {version}"
