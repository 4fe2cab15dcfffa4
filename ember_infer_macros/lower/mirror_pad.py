"""MIRROR_PAD. Source of the rules: TFLM ``mirror_pad.cc``."""

from __future__ import annotations

from ember_infer_core.ops.mirror_pad import prepare
from ember_infer_macros.lower.common import Lowered, OperatorSource
from ember_infer_macros.lower.movement import moved_one
from ember_infer_macros.tflite.options import MirrorPadOptions

_REFLECT = 0


def lower(source: OperatorSource) -> Lowered:
    """The call of a MIRROR_PAD; every mode but REFLECT is SYMMETRIC.

    Without options too, though REFLECT is the schema's default: TFLM's own enumeration begins with "unknown".
    """
    source.arity((2,))
    options = source.operator.options
    reflect = isinstance(options, MirrorPadOptions) and options.mode == _REFLECT
    return moved_one(source, prepare, paddings=source.whole_numbers(source.input(1)), symmetric=not reflect)
