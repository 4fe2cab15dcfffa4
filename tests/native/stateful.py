"""Programs with state, and what runs of them one after the other, and of samples apart, are to give."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ember_infer_core import Program
from ember_infer_core.conformance.expected import output_size
from ember_infer_core.conformance.programs import one_call, random_inputs
from ember_infer_core.conformance.strategies import drawn
from tests.native.random_programs import Samples, assert_equal, reference

__all__ = ["assert_state_goes_on", "programs_with_state"]


def programs_with_state() -> Iterator[tuple[Program, Samples]]:
    """A large call for each type of state, with five steps."""
    for dtype in (np.int8, np.int16):
        params = max((one for one in drawn("svdf", 40) if one.dtype == dtype), key=output_size)
        program = one_call("svdf", params)
        yield program, [random_inputs(program, step) for step in range(5)]


def assert_state_goes_on(program: Program, samples: Samples, runs: Samples, batch: Samples) -> None:
    """Runs go on from each other's state, and samples of a batch begin each from the initial one."""
    assert_equal(program, runs, reference(program, samples))
    assert_equal(program, batch, [reference(program, [sample])[0] for sample in samples])
