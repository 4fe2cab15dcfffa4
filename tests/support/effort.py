"""How much the random tests do: an ordinary run, or the deep one (``EMBER_DEEP``), and from which ``EMBER_SEED``.

``EMBER_DEEP=1`` is the deep profile; ``EMBER_DEEP=17`` draws seventeen times as many, 50,000 models and more where the
profile has 3,000. ``EMBER_ONLY=123`` draws example 123 of a deep run alone.

CI (``CI=true``) runs every test. On a developer's machine, ``make test`` leaves out some that take long and look at
what seldom changes: emulated processors, sanitizers, the oldest mypy, mypy's rarer caches, completeness of the public
types, NativeBackend, FirmwareBackend and the other ESP backends in the conformance suite, whole models on targets of
NativeBackend between the best and the portable one, the documentation's pages on compare and streaming, the report of
a large model. Files of hostile structure are fewer, too.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

FACTOR = int(os.environ.get("EMBER_DEEP") or 0)
DEEP = FACTOR > 0
SEED = int(os.environ.get("EMBER_SEED") or 0)
ONLY = int(os.environ["EMBER_ONLY"]) if os.environ.get("EMBER_ONLY") else None
IN_CI = os.environ.get("CI", "").lower() in ("1", "true")
EVERYTHING = IN_CI or DEEP
left_to_ci = pytest.mark.skipif(
    not EVERYTHING, reason="takes long: CI runs it, and the deep profile (CI=true pytest ...)"
)

# How many tests draw the models of one operator together: the campaign sets it for each test.
shared_by = 1


def draws(ordinary: int, deep: int) -> int:
    """How many: a number for an ordinary run, or one for the deep profile, times its factor, by those that share it."""
    return -(-deep * FACTOR // shared_by) if DEEP else ordinary


def thorough(ordinary: int, deep: int) -> settings:
    """Hypothesis settings: the same examples in every ordinary run, new ones in every deep run."""
    return settings(
        max_examples=draws(ordinary, deep),
        derandomize=not DEEP,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
