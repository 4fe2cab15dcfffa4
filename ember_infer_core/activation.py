"""Fused activations: which there are, and which are clamps."""

from __future__ import annotations

import enum
from typing import Protocol

from ember_infer_core.errors import UnsupportedActivation

__all__ = ["CLAMPS", "Activated", "FusedActivation", "check_activation"]


class FusedActivation(enum.Enum):
    """The activations that TensorFlow Lite can fuse into an operator (``TfLiteFusedActivation``)."""

    NONE = 0
    RELU = 1
    RELU_N1_TO_1 = 2
    RELU6 = 3
    TANH = 4
    SIGN_BIT = 5
    SIGMOID = 6


# Those that ``activation_min`` and ``activation_max`` say all about.
CLAMPS = (FusedActivation.NONE, FusedActivation.RELU, FusedActivation.RELU6, FusedActivation.RELU_N1_TO_1)


class Activated(Protocol):
    """Parameters of an operator with a fused activation."""

    fused_activation: FusedActivation


def check_activation(params: Activated) -> None:
    """Checks that ``activation_min`` and ``activation_max`` are all there is to the fused activation.

    Raises:
        UnsupportedActivation: for one that is no clamp.
    """
    if params.fused_activation not in CLAMPS:
        name = params.fused_activation.name
        raise UnsupportedActivation(f"{type(params).__name__}: the fused activation {name} is not a clamp")
