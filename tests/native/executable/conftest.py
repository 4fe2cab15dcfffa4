from __future__ import annotations

import pytest

from ember_infer_core import Program
from ember_infer_native import NativeBackend, library
from ember_infer_native.library import NativeExecutable
from tests.native.running import every_operator_program, two_branches_program


@pytest.fixture(scope="module")
def program() -> Program:
    """Two inputs, two outputs."""
    return two_branches_program()


@pytest.fixture(scope="module", params=["every operator", "two branches"])
def any_program(request: pytest.FixtureRequest) -> Program:
    """One that lets go of the GIL, and one that keeps it."""
    return every_operator_program() if request.param == "every operator" else two_branches_program()


@pytest.fixture(params=[True, False], ids=["NumPy's arrays", "buffers"])
def executable(
    native: NativeBackend, program: Program, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> NativeExecutable:
    """Two inputs ``(2, 3)`` and ``(2, 1)``, two outputs ``(2, 3)`` and ``(6,)``. Where it cannot read NumPy's arrays it
    asks all objects for their buffers.
    """
    if not request.param:
        monkeypatch.setattr(library, "arrays_are_readable", lambda: False)
    return native.compile(program)
