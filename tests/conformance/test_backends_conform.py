"""Every backend in the repository conforms."""

from __future__ import annotations

import pytest

from tests.conformance.test_toys import conformance
from tests.support.effort import DEEP

BACKENDS = (
    "ember_infer_ref:RefBackend",
    "ember_infer_native:NativeBackend",
    "ember_esp:EspBackend",
    "ember_esp:EspP4Backend",
)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_backend_conforms(backend: str) -> None:
    printed = conformance(f"--backend={backend}", f"--examples={3000 if DEEP else 100}")
    assert f"{backend}: conforms" in printed, printed
