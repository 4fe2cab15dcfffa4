"""The backends that operators are tried on."""

from __future__ import annotations

import functools

from ember_infer_core import FallbackBackend, KernelBackend
from ember_infer_firmware import FirmwareBackend
from ember_infer_native import NativeBackend
from ember_infer_ref import RefBackend
from tests.support.effort import EVERYTHING

__all__ = ["every_backend", "firmware_calls", "native_calls"]


@functools.cache
def native_calls() -> KernelBackend:
    """NativeBackend call by call: all models run on one library, and none is compiled."""
    return FallbackBackend(NativeBackend())


@functools.cache
def firmware_calls() -> KernelBackend:
    """FirmwareBackend likewise."""
    return FallbackBackend(FirmwareBackend())


def every_backend() -> list[KernelBackend]:
    """RefBackend, and :func:`native_calls`: both have every operator, and a model that they lack one of is an error.

    In CI and the deep profile :func:`firmware_calls`, too.
    """
    return [RefBackend(), native_calls(), *([firmware_calls()] if EVERYTHING else [])]
