"""What an exported folder tells build systems of the library that its code calls."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from ember_infer_firmware import export
from ember_infer_firmware.kinds import KINDS
from tests.firmware.exports import EXPORTED
from tests.support.debian import debian_program
from tests.support.effort import left_to_ci

# Kind -> what it is called, the variable that names its sources, the fixture that has them.
LIBRARIES = {
    "cmsis-nn": ("CMSIS-NN", "CMSIS_NN_PATH", "cmsis_nn"),
    "esp-nn": ("ESP-NN", "ESP_NN_PATH", "esp_nn"),
}


def test_every_library_is_here() -> None:
    assert {"reference", *LIBRARIES} == KINDS.keys()


@left_to_ci
@pytest.mark.parametrize("kind", LIBRARIES)
def test_cmake_builds_it_with_the_library_and_says_where_that_is_missing(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called, variable, fixture = LIBRARIES[kind]
    library: Path = request.getfixturevalue(fixture)
    cmake, ctest = debian_program("cmake", "cmake", "make"), debian_program("ctest", "cmake")
    monkeypatch.delenv(variable, raising=False)
    export(EXPORTED["digits"](), tmp_path / "digits", kernels=kind)
    configure = [cmake, "-S", str(tmp_path / "digits"), "-B", str(tmp_path / "build")]
    refused = subprocess.run(configure, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert f"digits calls {called}: set {variable}" in refused.stderr
    for command in (
        [*configure, f"-D{variable}={library}"],
        [cmake, "--build", str(tmp_path / "build")],
        [ctest, "--test-dir", str(tmp_path / "build")],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "100% tests passed" in done.stdout


def exports(path: str, folder: Path) -> Mapping[str, str]:
    """A file of the folder, for each kind of kernels."""
    return {kind: export(EXPORTED["sine"](), folder / kind, kernels=kind).files[path] for kind in KINDS}


def test_zephyr_is_told_of_its_own_module(tmp_path: Path) -> None:
    told = exports("zephyr/Kconfig", tmp_path)
    assert "\tselect CMSIS_NN\n\tselect CMSIS_NN_BASICMATH\n" in told["cmsis-nn"]
    assert "select" not in told["reference"] + told["esp-nn"]


def test_a_reader_is_told_of_the_library(tmp_path: Path) -> None:
    told = exports("README.md", tmp_path)
    for kind, (called, variable, _) in LIBRARIES.items():
        assert f"The model calls {called}" in told[kind]
        assert variable in told[kind]
    assert "The model calls" not in told["reference"]
