"""The backend of an interpreter: an argument, an environment variable, or RefBackend."""

from __future__ import annotations

import os

from ember_infer_core.backend import KernelBackend
from ember_infer_tools.specs import load_backend

__all__ = ["ENVIRONMENT", "chosen_backend"]

ENVIRONMENT = "EMBER_BACKEND"
# Works wherever NumPy does, and its bytes are those of all others.
_DEFAULT = "ref"


def chosen_backend(backend: KernelBackend | str | None) -> KernelBackend:
    """An instance.

    Args:
        backend: one, or its name as the command line takes it: ``native``, ``ref,rounding=single``,
            ``mypackage:MyBackend``; None for what the environment variable ``EMBER_BACKEND`` names.

    Raises:
        ValueError: there is no backend of that name.
        KernelError: it cannot be made, as NativeBackend without a compiler.
    """
    if backend is None:
        named = os.environ.get(ENVIRONMENT) or _DEFAULT
        try:
            return load_backend(named)
        except ValueError as error:
            raise ValueError(f"{ENVIRONMENT}: {error}") from None
    if isinstance(backend, str):
        return load_backend(backend)
    if not isinstance(backend, KernelBackend):
        hint = f"; did you mean {backend.__name__}()?" if isinstance(backend, type) else ""
        raise ValueError(f"backend must be an instance of a KernelBackend or the name of one, not {backend!r}{hint}")
    return backend
