"""Every backend in the repository conforms."""

from __future__ import annotations

import pytest

from tests.conformance.test_toys import conformance
from tests.support.effort import DEEP, draws, left_to_ci

REF = "ember_infer_ref:RefBackend"
NATIVE = "ember_infer_native:NativeBackend"  # compiles two programs for each operator
FIRMWARE = "ember_infer_firmware:FirmwareBackend"  # likewise
WHOLE = (REF, NATIVE, FIRMWARE)
# Most operators of these are RefBackend's own, which is gone through above. An ordinary run asks for ESP-NN's, for
# namesakes among the others (such as BATCH_MATMUL and LOG_SOFTMAX), and for every published bug.
ESP = "ember_esp:EspBackend"
OTHER_DRIVERS_AND_CHIPS = (
    "ember_esp:EspP4Backend",
    "ember_esp:Esp32Backend",
    "tests.support.esp_backends:EspS3OnTflm",
    "tests.support.esp_backends:EspP4OnTflm",
    "tests.support.esp_backends:EspC3OnTflm",
)
OWN = "conv2d or fully_connected or pool or softmax or add or mul or reshape or regressions"
LEFT_TO_CI = (NATIVE, FIRMWARE, *OTHER_DRIVERS_AND_CHIPS)


@pytest.mark.parametrize("backend", [REF, ESP, *(pytest.param(one, marks=left_to_ci) for one in LEFT_TO_CI)])
def test_the_backend_conforms(backend: str) -> None:
    chosen = () if DEEP or backend in WHOLE else ("-k", OWN)
    printed = conformance(f"--backend={backend}", f"--examples={draws(ordinary=40, deep=3000)}", *chosen)
    assert f"{backend}: conforms" in printed, printed
