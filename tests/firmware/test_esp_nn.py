"""Code that calls ESP-NN: bit for bit the reference, and what it asks of the caller, the build and the chip.

That the kernels of the chips do as well is ``ember_esp/tests/test_exported_calls_on_chip.py``'s to show.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from ember_infer_core import Program, QuantParam
from ember_infer_core.conformance.programs import one_call, random_inputs
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.dispatch import DispatchExecutable
from ember_infer_core.ops import fully_connected, mean
from ember_infer_firmware import FirmwareBackend, export
from ember_infer_firmware.boards import board_named
from ember_infer_firmware.c_source import headers_of
from ember_infer_firmware.esp_nn import KERNELS, VERSION
from ember_infer_firmware.kinds import kernels_of
from ember_infer_firmware.plan import Plan, plan_program
from ember_infer_firmware.single_calls import library_sources
from ember_infer_firmware.sources import generate
from ember_infer_firmware.verify import verify
from ember_infer_macros import load_program
from ember_infer_native.toolchain import Compiler
from ember_infer_ref import RefBackend
from tests.conformance.test_toys import conformance
from tests.conftest import REPOSITORY
from tests.firmware.exports import mixed
from tests.firmware.programs import board_tools
from tests.firmware.test_strictness import COMPILERS
from tests.firmware.unity import STRICT, compiled
from tests.native.running import assert_equals_reference
from tests.support.debian import debian_program
from tests.support.effort import draws, left_to_ci

WITHOUT_EMBER_ESP = """
import sys
sys.modules["ember_esp"] = None
from ember_infer_firmware import FirmwareBackend
try:
    FirmwareBackend("esp-nn")
except ValueError as error:
    print(error)
FirmwareBackend("reference")
"""


@pytest.fixture(scope="session")
def backend(esp_nn: Path, compiled_models: Path, c_compiler: Compiler) -> FirmwareBackend:
    return FirmwareBackend("esp-nn", library=esp_nn, cache=compiled_models)


@pytest.fixture(scope="session")
def digits() -> Program:
    return load_program(REPOSITORY / "models" / "digits.tflite")


def planned(program: Program) -> Plan:
    return plan_program(program, "model", "esp-nn")


def library_calls(program: Program) -> int:
    return sum(step.kernel.name.startswith("esp_nn_") for step in planned(program).steps())


# The same bytes


def calls_of(operator: str) -> list[Program]:
    """Those that are the library's, of random ones; of means, which are seldom of an image's pixels, a few."""
    if operator == "mean":
        made = [
            mean_of_pixels((1, 7, 5, 12), 0.3),
            mean_of_pixels((1, 1, 9, 3), 2.0),
            mean_of_pixels((1, 16, 17, 8), 1.0),
        ]
    else:
        made = [one_call(operator, params) for params in drawn(operator, draws(ordinary=40, deep=1000))]
    return [program for program in made if library_calls(program)]


def mean_of_pixels(shape: tuple[int, ...], scale: float) -> Program:
    params = mean.prepare(
        mean=True,
        input_shape=shape,
        output_shape=shape[-1:],
        axes=(1, 2),
        input_quant=QuantParam(1.0, -7),
        output_quant=QuantParam(scale, 5),
    )
    return one_call("mean", params)


@pytest.mark.parametrize("operator", KERNELS)
def test_calls_equal_the_reference(operator: str, backend: FirmwareBackend) -> None:
    programs = calls_of(operator)
    assert programs
    for program in programs:
        ours, reference = DispatchExecutable(backend, program), RefBackend().compile(program)
        for mine, other, content in zip(ours.inputs, reference.inputs, random_inputs(program, 1), strict=True):
            np.copyto(mine, content)
            np.copyto(other, content)
        ours.run()
        reference.run()
        for found, wanted in zip(ours.outputs, reference.outputs, strict=True):
            assert np.array_equal(found, wanted), program.calls


DEAR = ("person_detect", "vww_float_io", "mobilenet_v3_small")


@pytest.mark.parametrize("model", ["sine", "speech", *(pytest.param(name, marks=left_to_ci) for name in DEAR)])
@pytest.mark.filterwarnings("ignore::ember_infer_core.ModelWarning")
def test_models_equal_the_reference(model: str, backend: FirmwareBackend, shared: Path) -> None:
    program = load_program(shared / "models" / f"{model}.tflite")
    assert library_calls(program) > 0
    assert_equals_reference(backend, program)


def test_all_of_digits_is_the_librarys(backend: FirmwareBackend, digits: Program) -> None:
    assert library_calls(digits) == len(digits.calls)
    assert_equals_reference(backend, digits)


@left_to_ci
def test_the_backend_conforms(esp_nn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESP_NN_PATH", str(esp_nn))
    backend = "tests.support.firmware_backends:OnEspNn"
    printed = conformance(f"--backend={backend}", f"--examples={draws(ordinary=40, deep=3000)}")
    assert f"{backend}: conforms" in printed, printed


def test_a_risc_v_answers_as_it_must(esp_nn: Path, digits: Program) -> None:
    """An ESP32-C3 has ESP-NN's generic kernels."""
    board = board_named("rv32")
    board_tools(board)
    assert verify(planned(digits), board, None, 8, library=esp_nn).differing == 0


# What is left to the reference kernels


@pytest.mark.parametrize(
    ("model", "reasons"),
    [
        (
            "mobilenet_v3_small",
            [
                "/* ESP-NN on ESP32-S3: a depthwise filter other than 3x3 on over 48 KiB as int16, with padding rows: ",
                "; ESP-NN on ESP32-P4: a depthwise convolution of over 256 channels: drops bias and input offset */",
                "/* not ESP-NN's: inputs of different shapes */",
            ],
        ),
        ("vww_float_io", ["/* ESP-NN on ESP32-P4: a depthwise convolution of over 256 channels: "]),
    ],
)
def test_a_fault_on_one_chip_is_a_comment(model: str, reasons: list[str], shared: Path) -> None:
    code = generate(planned(load_program(shared / "models" / f"{model}.tflite")))["model.c"]
    for reason in reasons:
        assert reason in code


@pytest.mark.parametrize("scale", [1.0, 3e5])
def test_sums_beyond_int32_are_not_left_to_it(scale: float) -> None:
    """The ESP32-S3 saturates where TensorFlow Lite Micro wraps."""
    params = fully_connected.prepare(
        input_shape=(1, 32),
        weights_shape=(1, 32),
        output_shape=(1, 1),
        input_quant=QuantParam(scale, -128),
        weights_quant=QuantParam(1.0, 0),
        output_quant=QuantParam(1.0, 0),
    )
    params.weights = np.full((1, 32), 100, np.int8)
    (step,) = planned(one_call("fully_connected", params)).steps()
    assert step.kernel.name.startswith("esp_nn_") == (scale == 1.0)
    assert step.reason.startswith("sums that may be beyond int32") == (scale != 1.0)


# What the caller has to know


def test_scratch_is_the_chips(digits: Program) -> None:
    header = generate(planned(digits))["model.h"]
    assert (
        "#if defined(CONFIG_IDF_TARGET_ESP32S3) /* ESP32-S3 */\n#define MODEL_SCRATCH_LEN 10560 /* bytes */\n"
        "#elif defined(CONFIG_IDF_TARGET_ESP32P4) /* ESP32-P4 */\n#define MODEL_SCRATCH_LEN 4128 /* bytes */\n"
        "#else\n#define MODEL_SCRATCH_LEN 40 /* bytes */\n#endif\n"
    ) in header
    # Whoever sizes the arena by it must know which chip it is for.
    assert header.index("#include <sdkconfig.h>") < header.index("CONFIG_IDF_TARGET_ESP32S3")


def test_the_header_says_that_no_two_tasks_may_run_at_once(digits: Program) -> None:
    header = " ".join(generate(planned(digits))["model.h"].split())
    assert "no two tasks may run this, or any other code that calls ESP-NN, at once" in header
    assert "may run it at once" not in header


def test_misaligned_inputs_and_outputs_of_the_library_are_refused(
    esp_nn: Path, digits: Program, tmp_path: Path, c_compiler: Compiler
) -> None:
    for name, text in generate(planned(digits)).items():
        (tmp_path / name).write_text(text)
    (tmp_path / "main.c").write_text(
        '#include "model.h"\n'
        "static int8_t memory[3][(MODEL_ARENA_LEN / 16 + 2) * 16] __attribute__((aligned(16)));\n"
        "int main(void) {\n"
        "    if (model_run(memory[0], memory[1], memory[2]) != MODEL_OK)\n        return 1;\n"
        "    if (model_run(memory[0] + 8, memory[1], memory[2]) != MODEL_ERROR_ALIGNMENT)\n        return 2;\n"
        "    if (model_run(memory[0], memory[1] + 4, memory[2]) != MODEL_ERROR_ALIGNMENT)\n        return 3;\n"
        "    return model_run(memory[0], memory[1], memory[2] + 1) != MODEL_ERROR_ALIGNMENT;\n"
        "}\n"
    )
    flags = [f"-I{esp_nn / 'include'}", "-DCONFIG_NN_OPTIMIZED", f"-I{tmp_path}"]
    objects = []
    for unit in ("model", "model_weights", "main"):
        objects.append(str(tmp_path / f"{unit}.o"))
        compiled([*c_compiler.command, *STRICT, *flags, "-c", str(tmp_path / f"{unit}.c"), "-o", objects[-1]])
    library = [str(path) for kind in ("ansi", "opt") for path in (esp_nn / "src").rglob(f"*_{kind}.c")]
    program = str(tmp_path / "program")
    compiled(
        [*c_compiler.command, "-w", *flags, f"-I{esp_nn / 'src/common'}", *objects, *library, "-o", program, "-lm"]
    )
    assert subprocess.run([program], check=False).returncode == 0


def test_ports_that_no_call_of_the_library_touches_may_lie_anywhere(tmp_path: Path) -> None:
    plan = planned(mixed())
    assert not any(map(plan.is_aligned, (*plan.inputs, *plan.outputs[:1], *plan.outputs[2:])))
    assert "_ALIGNMENT" not in generate(plan)["model.h"].split("#define MODEL_OUTPUT_1_TYPE")[0].split("#define", 1)[1]


# What the build has to know


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("chip", ["ESP32S3", "ESP32P4", "ESP32"])
def test_every_call_compiles_without_a_word(compiler: str, chip: str, esp_nn: Path, tmp_path: Path) -> None:
    flags, packages = COMPILERS[compiler]
    for name, text in library_sources(kernels_of("esp-nn")).items():
        (tmp_path / name).write_text(text)
    includes = [f"-I{tmp_path}", "-I", str(esp_nn / "include")]
    source = tmp_path / "calls.c"
    names = headers_of(kernel for kernel in kernels_of("esp-nn") if kernel.name.startswith("esp_nn_"))
    source.write_text("".join(f'#include "ember_{name}.h"\n' for name in names))
    defined = ["-DCONFIG_NN_OPTIMIZED", f"-DCONFIG_IDF_TARGET_{chip}"]
    command = [debian_program(compiler, *packages), *flags, *STRICT, "-O2", *defined, *includes]
    compiled([*command, "-S", "-o", "/dev/null", str(source)])


def test_esp_nn_built_to_round_otherwise_stops_the_compiler(
    esp_nn: Path, digits: Program, tmp_path: Path, c_compiler: Compiler
) -> None:
    for name, text in generate(planned(digits)).items():
        (tmp_path / name).write_text(text)
    command = [*c_compiler.command, "-c", str(tmp_path / "model.c"), f"-I{esp_nn / 'include'}", "-o"]
    flags = [str(tmp_path / "model.o"), "-DCONFIG_NN_OPTIMIZED"]
    compiled([*command, *flags])
    refused = subprocess.run([*command, *flags, "-DCONFIG_NN_SKIP_NUDGE"], capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "NN_SKIP_NUDGE does not round as TensorFlow Lite Micro does" in refused.stderr


def test_esp_idf_fetches_the_version_that_the_faults_are_of(digits: Program, tmp_path: Path) -> None:
    exported = export(digits, tmp_path / "digits", kernels="esp-nn")
    files = exported.files
    assert yaml.safe_load(files["idf_component.yml"])["dependencies"]["espressif/esp-nn"] == f"=={VERSION}"
    assert f"ESP-NN {VERSION}" in files["README.md"]
    assert f"| arena on ESP32-S3 | {exported.plan.arena_len_on('esp32s3')} |" in files["README.md"]


def test_without_ember_esp_it_says_what_to_install() -> None:
    ran = subprocess.run([sys.executable, "-c", WITHOUT_EMBER_ESP], capture_output=True, text=True, check=True)
    assert ran.stdout == "esp-nn kernels need the distribution ember-esp: pip install ./ember_esp\n"


def test_the_library_is_looked_for_before_anything_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ESP_NN_PATH", raising=False)
    with pytest.raises(ValueError, match=r"esp-nn kernels need the library's sources: .* set ESP_NN_PATH"):
        FirmwareBackend("esp-nn")
    with pytest.raises(ValueError, match=r"does not hold ESP-NN: there is no include/esp_nn_generic_opt\.h"):
        FirmwareBackend("esp-nn", library=tmp_path)
