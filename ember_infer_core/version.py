"""Which version of the distribution this is."""

from __future__ import annotations

__all__ = ["installed_version"]


def installed_version() -> str | None:
    """The version of ``ember-infer``; None in a copied folder, which is not installed."""
    import importlib.metadata  # heavy, and seldom needed

    try:
        return importlib.metadata.version("ember-infer")
    except importlib.metadata.PackageNotFoundError:
        return None
