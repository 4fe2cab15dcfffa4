"""How much the random tests do: an ordinary run, or the deep one (``EMBER_DEEP=1``), and from which ``EMBER_SEED``."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

DEEP = os.environ.get("EMBER_DEEP", "") not in ("", "0")
SEED = int(os.environ.get("EMBER_SEED", "0"))


def thorough(ordinary: int, deep: int) -> settings:
    """Hypothesis settings: the same examples in every ordinary run, new ones in every deep run."""
    return settings(
        max_examples=deep if DEEP else ordinary,
        derandomize=not DEEP,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
