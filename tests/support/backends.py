"""The backends that operators are tried on."""

from __future__ import annotations

import functools

from ember_infer_core import FallbackBackend, KernelBackend
from ember_infer_native import NativeBackend
from ember_infer_ref import RefBackend

__all__ = ["every_backend", "native_calls"]


@functools.cache
def native_calls() -> KernelBackend:
    """NativeBackend call by call: all models run on one library, and none is compiled."""
    return FallbackBackend(NativeBackend())


def every_backend() -> list[KernelBackend]:
    """RefBackend, and :func:`native_calls`: both have every operator, and a model that they lack one of is an error."""
    return [RefBackend(), native_calls()]
