"""NativeBackend's targets that this machine runs, and those that tests of whole models go through."""

from __future__ import annotations

import pytest

from ember_infer_native.targets import TARGETS
from ember_infer_native.toolchain import host_isa
from tests.support.effort import EVERYTHING, left_to_ci

__all__ = ["RUNNABLE_TARGETS", "TARGETS_AS_PARAMETERS", "TRIED_TARGETS"]

RUNNABLE_TARGETS = tuple(target.name for target in TARGETS if target.needs <= host_isa())
# A model is compiled for a second and more for each target. Random programs go through all of them in every run
# (tests/native/test_targets.py); whole models, in an ordinary one, through the best and the one of every machine.
TRIED_TARGETS = tuple(
    name for name in RUNNABLE_TARGETS if EVERYTHING or name in (RUNNABLE_TARGETS[0], RUNNABLE_TARGETS[-1])
)
# All of them for ``pytest.mark.parametrize``, where those that are not tried are skipped.
TARGETS_AS_PARAMETERS = [
    name if name in TRIED_TARGETS else pytest.param(name, marks=left_to_ci) for name in RUNNABLE_TARGETS
]
