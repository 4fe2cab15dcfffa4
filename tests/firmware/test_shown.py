"""Published models on emulated processors, with every kind of kernels: the deep profile's, for it takes minutes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ember_infer_core import KernelError
from ember_infer_core.slots import AnyArray
from ember_infer_firmware.boards import board_named
from ember_infer_firmware.plan import plan_program
from ember_infer_firmware.verify import verify
from ember_infer_macros import load_program
from tests.conftest import REPOSITORY
from tests.firmware.programs import board_tools
from tests.firmware.speech import okay_nabu_file, spoken_steps
from tests.support.effort import DEEP

MODELS = (
    "sine",
    "digits",
    "speech",
    "person_detect",
    "mobilenet_v3_small",
    "vww_float_io",
    "trained_lstm_int8",
    "okay_nabu",
)
TOO_LARGE_FOR_M0 = {"person_detect", "mobilenet_v3_small", "vww_float_io"}

pytestmark = [
    pytest.mark.skipif(not DEEP, reason="takes minutes: the deep profile (EMBER_DEEP=1 pytest ...)"),
    pytest.mark.filterwarnings("ignore::ember_infer_core.ModelWarning"),
]


def file_of(model: str, shared: Path) -> Path:
    if model in ("sine", "digits"):
        return REPOSITORY / "models" / f"{model}.tflite"
    if model == "okay_nabu":
        return okay_nabu_file()
    return shared / "models" / f"{model}.tflite"


def heard(model: str, file: Path, folder: Path) -> AnyArray | None:
    """Steps of somebody saying the wake word, for what answers all else with silence; None for other models."""
    if model != "okay_nabu":
        return None
    return spoken_steps(file, "okay nabu", folder)


@pytest.mark.parametrize("board", ["cortex-m0", "cortex-m4", "cortex-m55", "rv32"])
@pytest.mark.parametrize("kernels", ["reference", "cmsis-nn"])
@pytest.mark.parametrize("model", MODELS)
def test_64_answers_are_the_references(
    model: str, kernels: str, board: str, shared: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    processor = board_named(board)
    board_tools(processor)
    library = None if kernels == "reference" else request.getfixturevalue("cmsis_nn")
    file = file_of(model, shared)
    plan = plan_program(load_program(file), "model", kernels)
    if board == "cortex-m0" and model in TOO_LARGE_FOR_M0:
        with pytest.raises(KernelError, match="does not fit on cortex-m0"):
            verify(plan, processor, None, 1, library=library)
        return
    found = verify(plan, processor, heard(model, file, tmp_path), 64, library=library)
    assert found.differing == 0
    assert found.runs >= 64
    assert found.distinct > 4


@pytest.mark.parametrize("model", MODELS)
def test_so_they_are_with_esp_nn_on_a_risc_v(model: str, shared: Path, esp_nn: Path, tmp_path: Path) -> None:
    """An ESP32-C3 has ESP-NN's generic kernels."""
    processor = board_named("rv32")
    board_tools(processor)
    file = file_of(model, shared)
    plan = plan_program(load_program(file), "model", "esp-nn")
    found = verify(plan, processor, heard(model, file, tmp_path), 64, library=esp_nn)
    assert found.differing == 0
    assert found.distinct > 4
