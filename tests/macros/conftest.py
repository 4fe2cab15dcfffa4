from __future__ import annotations

import pytest

from ember_infer_core import KernelBackend
from tests.macros.stateful import BACKENDS


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> KernelBackend:
    """Each kind of backend, for models that keep state."""
    return BACKENDS[request.param]()
