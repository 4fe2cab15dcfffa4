"""Exported models on emulated boards: every byte is RefBackend's, or it is said that it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ember_infer_core import Program
from ember_infer_core.slots import AnyArray
from ember_infer_firmware.boards import BOARDS, Board, Runs, board_named, run_model
from ember_infer_firmware.plan import Plan, plan_program
from ember_infer_firmware.step import Constant
from ember_infer_firmware.verify import Verified, verify
from ember_infer_macros import load_program
from tests.conftest import REPOSITORY
from tests.firmware.exports import EXPORTED, sine
from tests.firmware.programs import board_tools
from tests.support.effort import DEEP, left_to_ci

pytestmark = left_to_ci

SAMPLES = 64 if DEEP else 8


def verified(board: str, plan: Plan, samples: int = SAMPLES) -> Verified:
    found = board_named(board)
    board_tools(found)
    return verify(plan, found, None, samples)


def planned(program: Program) -> Plan:
    return plan_program(program, "model", "reference")


@pytest.mark.parametrize("board", ["cortex-m4", "cortex-m55"])
@pytest.mark.parametrize("model", ["sine", "digits", "speech"])
def test_models_answer_on_boards_as_they_must(board: str, model: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue("shared") if model == "speech" else REPOSITORY
    plan = planned(load_program(folder / "models" / f"{model}.tflite"))
    found = verified(board, plan)
    assert (found.runs, found.differing) == (SAMPLES, 0)
    assert found.compared == SAMPLES * sum(port.size for port in map(np.empty, (place.shape for place in plan.outputs)))
    assert (found.sizes.data, found.sizes.bss) == (0, 0)
    assert found.sizes.code < 4000
    assert found.stack < 400


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("model", ["mixed", "every_other", "running_sum", "two_variables"])
def test_floats_state_and_several_ports_fare_no_worse(board: str, model: str) -> None:
    assert verified(board, planned(EXPORTED[model]())).differing == 0


def test_real_samples_are_run_and_random_ones_after_them() -> None:
    board = board_named("cortex-m4")
    board_tools(board)
    real = np.zeros((3, 1, 1), np.int8)
    assert verify(planned(sine()), board, real, 5).runs == 5


def test_a_wrong_weight_is_found() -> None:
    plan = planned(sine())
    arrays = plan.constants.arrays
    key, weights = max(arrays.items(), key=lambda item: item[1].array.nbytes)
    arrays[key] = Constant(weights.name, weights.array // 2)
    assert 0 < verified("cortex-m4", plan, 64).differing <= 64


def test_state_that_went_wrong_is_found_though_no_answer_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last step's input is in the state, and would only be heard in the next one."""
    plan = planned(EXPORTED["running_sum"]())
    right = verified("cortex-m4", plan, 4)

    def other_state(board: Board, plan: Plan, samples: Sequence[AnyArray], *, library: Path | None = None) -> Runs:
        runs = run_model(board, plan, samples, library=library)
        return replace(runs, state=tuple(array + 1 for array in runs.state))

    monkeypatch.setattr("ember_infer_firmware.verify.run_model", other_state)
    assert (right.differing, verified("cortex-m4", plan, 4).differing) == (0, 4)
