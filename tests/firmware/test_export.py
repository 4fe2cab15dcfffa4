"""What an exported folder holds: C that compiles and answers as it must, and metadata that build systems take."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml

from ember_infer_core import Program
from ember_infer_core.errors import ComparisonError, UnsupportedOperator
from ember_infer_firmware import Exported, export
from ember_infer_firmware.c_source import array_rows
from ember_infer_firmware.kernels import KERNELS
from ember_infer_firmware.origin import Origin, tool
from ember_infer_macros import ember_model, load_program
from ember_infer_native.toolchain import Compiler
from ember_infer_ref import RefBackend
from ember_infer_tools.tflite_writer import ModelWriter
from tests.conftest import REPOSITORY
from tests.firmware.exports import EXPORTED, built, mixed, selftest, sine
from tests.firmware.unity import STRICT, compiled
from tests.native.nets import Net
from tests.support.debian import debian_program


def said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(params=EXPORTED)
def exported(request: pytest.FixtureRequest, tmp_path: Path) -> Exported:
    return export(EXPORTED[request.param](), tmp_path / "a folder", name=request.param)


def test_the_self_test_finds_nothing(exported: Exported, c_compiler: Compiler) -> None:
    assert selftest(exported, c_compiler) == 0


def test_the_self_test_counts_differing_bytes(tmp_path: Path, c_compiler: Compiler) -> None:
    exported = export(sine(), tmp_path / "sine")
    golden = exported.folder / "selftest" / "sine_selftest.c"
    before, vectors = golden.read_text().split("golden_output[8][1] = {")
    first, second, rest = vectors.split("},", 2)
    golden.write_text(f"{before}golden_output[8][1] = {{{first} + 1}},{second} + 1}},{rest}")
    main = tmp_path / "main.c"
    main.write_text('#include "sine_selftest.h"\nint main(void) { return sine_selftest(); }\n')
    program = built(exported, str(golden), c_compiler, str(main))
    assert subprocess.run([program], check=False).returncode == 2


def test_golden_vectors_begin_with_the_given_samples(tmp_path: Path) -> None:
    given = np.arange(3, dtype=np.int8).reshape(3, 1, 1)
    exported = export(sine(), tmp_path / "sine", inputs=given)
    text = exported.files["selftest/sine_selftest.c"]
    vectors = [re.findall(r"{(-?\d+)}", text.split(f"golden_{port}[8][1]")[1])[:8] for port in ("input", "output")]
    assert vectors[0][:3] == ["0", "1", "2"]
    executable = RefBackend().compile(sine())
    for value, answer in zip(*vectors, strict=True):
        executable.inputs[0][...] = int(value)
        executable.run()
        assert executable.outputs[0].item() == int(answer)


def test_samples_of_megabytes_are_no_golden_vectors(tmp_path: Path, c_compiler: Compiler) -> None:
    """A model of some hundred bytes would else become a hundred times what its input takes."""
    net = Net()
    x = net.input(1, 3 << 20)
    net.output(net.operator("REVERSE_V2", [x, net.numbers([1])], 1, 3 << 20, like=x))
    exported = export(load_program(net.finish()), tmp_path / "large", name="large")
    assert sum(map(len, exported.files.values())) < 100_000
    assert "it runs 0 samples" in exported.files["README.md"]
    assert selftest(exported, c_compiler) == 0


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "bool"])
def test_arrays_are_written_in_lines_that_are_full(dtype: str) -> None:
    random = np.random.default_rng(0).bytes(1000)
    array = np.frombuffer(random, np.uint8) % 2 == 0 if dtype == "bool" else np.frombuffer(random, dtype)
    lines = list(array_rows(array))
    assert [int(text) for text in "".join(lines).replace(",", " ").split()] == array.astype(int).tolist()
    assert all(line.startswith("    ") and len(line) <= 118 for line in lines)
    assert len({line.count(",") for line in lines[:-1]}) == 1


def test_golden_vectors_of_large_samples_are_few(tmp_path: Path) -> None:
    digits = EXPORTED["digits"]()
    small = len(export(digits, tmp_path / "digits").files["selftest/digits_selftest.c"])
    assert small < 100_000


def test_the_readme_says_how_to_call_it_in_c_that_runs(exported: Exported, c_compiler: Compiler) -> None:
    example = re.search(r"```c\n(.*?)```", exported.files["README.md"], re.DOTALL)
    assert example is not None
    main = exported.folder.parent / "main.c"
    main.write_text(example[1])
    ran = subprocess.run([built(exported, str(main), c_compiler)], capture_output=True, text=True, check=True)
    plan = exported.plan
    executable = RefBackend().compile(plan.program)
    tensors = [plan.program.tensors[index] for index in plan.program.inputs]
    for input, tensor in zip(executable.inputs, tensors, strict=True):
        quantized = tensor.quant is not None and tensor.dtype.kind != "f"
        input[...] = tensor.quant.zero_point if quantized else 0  # type: ignore[union-attr]
    executable.run()
    if plan.name == "every_other":
        assert ran.stdout == "outputs are as they were: more runs are needed for new ones\n"
        return
    assert len(ran.stdout.split()) == sum(output.size for output in executable.outputs)
    if plan.name == "mixed":
        values = [float(value) for value in ran.stdout.split()]
        assert values[:6] == values[6:12] == values[12:] == executable.outputs[0].reshape(-1).tolist()


def test_the_header_serves_cpp(exported: Exported, c_compiler: Compiler, tmp_path: Path) -> None:
    name = exported.plan.name
    (tmp_path / "main.cpp").write_text(
        f'#include "{name}.h"\n#include "{name}_selftest.h"\n'
        f"int main() {{ return {name}_selftest() + sizeof({name.upper()}_STRERROR({name.upper()}_OK)) * 0; }}\n"
    )
    gxx = debian_program("g++", "g++")
    folder = exported.folder
    objects = []
    for source in [*sorted((folder / "src").glob("*.c")), folder / "selftest" / f"{name}_selftest.c"]:
        objects.append(str(tmp_path / f"{source.stem}.o"))
        compiled([*c_compiler.command, *STRICT, f"-I{folder / 'src'}", "-c", str(source), "-o", objects[-1]])
    flags = ["-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    includes = [f"-I{folder / 'src'}", f"-I{folder / 'selftest'}"]
    program = str(tmp_path / "program")
    compiled([gxx, *flags, *includes, str(tmp_path / "main.cpp"), *objects, "-o", program, "-lm"])
    assert subprocess.run([program], check=False).returncode == 0


def test_cmake_builds_it_and_runs_the_self_test(exported: Exported) -> None:
    cmake, ctest = debian_program("cmake", "cmake", "make"), debian_program("ctest", "cmake")
    build = exported.folder.parent / "build"
    said(cmake, "-S", str(exported.folder), "-B", str(build), "--warn-uninitialized", "-Werror=dev")
    said(cmake, "--build", str(build))
    assert "100% tests passed" in said(ctest, "--test-dir", str(build))


@pytest.mark.parametrize("file", ["test", "all", "clean", "features", "m"])
def test_cmake_takes_models_that_are_called_as_its_own_targets_are(file: str, tmp_path: Path) -> None:
    """Or as a header of the C library is, or the library of mathematics, which this model needs."""
    writer = ModelWriter()
    x = writer.tensor("x", (1, 4), scale=0.5)
    real, tanh = (writer.tensor(name, (1, 4), "float32") for name in ("real", "tanh"))
    y = writer.tensor("y", (1, 4), scale=0.01)
    writer.operator("DEQUANTIZE", [x], [real])
    writer.operator("TANH", [real], [tanh])
    writer.operator("QUANTIZE", [tanh], [y])
    (tmp_path / f"{file}.tflite").write_bytes(writer.finish([x], [y]))
    test_cmake_builds_it_and_runs_the_self_test(export(load_program(tmp_path / f"{file}.tflite"), tmp_path / "folder"))


def test_cmake_takes_it_as_part_of_a_project(tmp_path: Path) -> None:
    cmake = debian_program("cmake", "cmake", "make")
    export(sine(), tmp_path / "models" / "sine")
    export(mixed(), tmp_path / "models" / "mixed", name="mixed")
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(app C)\n"
        "add_subdirectory(models/sine)\nadd_subdirectory(models/mixed)\n"
        "add_executable(app main.c)\ntarget_link_libraries(app PRIVATE sine mixed m)\n"
    )
    (tmp_path / "main.c").write_text(
        '#include <stddef.h>\n#include "mixed.h"\n#include "sine.h"\n'
        "int main(void) { return sine_run(NULL, NULL, NULL) + mixed_run(NULL, NULL, NULL, NULL, NULL, NULL) + 2; }\n"
    )
    said(cmake, "-S", str(tmp_path), "-B", str(tmp_path / "build"))
    said(cmake, "--build", str(tmp_path / "build"))
    assert subprocess.run([tmp_path / "build" / "app"], check=False).returncode == 0
    assert not list((tmp_path / "build").rglob("*_selftest"))


# What ESP-IDF and Zephyr define, as far as it matters here.
ESP_IDF = """
cmake_minimum_required(VERSION 3.13)
project(app C)
set(ESP_PLATFORM 1)
function(idf_component_register)
    cmake_parse_arguments(it "" "" "SRCS;INCLUDE_DIRS" ${ARGN})
    add_library(component STATIC ${it_SRCS})
    target_include_directories(component PUBLIC ${it_INCLUDE_DIRS})
    set(COMPONENT_LIB component PARENT_SCOPE)
endfunction()
add_subdirectory(model)
"""
ZEPHYR = """
cmake_minimum_required(VERSION 3.13)
project(app C)
set(CONFIG_MIXED_MODEL y)
macro(zephyr_library_named name)
    set(it ${name})
    add_library(${it} STATIC)
endmacro()
macro(zephyr_library_sources)
    target_sources(${it} PRIVATE ${ARGN})
endmacro()
macro(zephyr_include_directories)
    target_include_directories(${it} PUBLIC ${ARGN})
endmacro()
macro(zephyr_library_compile_options)
    target_compile_options(${it} PRIVATE ${ARGN})
endmacro()
add_subdirectory(model/zephyr)
"""


@pytest.mark.parametrize("project", [ESP_IDF, ZEPHYR], ids=["ESP-IDF", "Zephyr"])
@pytest.mark.parametrize("tests", ["y", ""], ids=["with self-test", "without"])
def test_frameworks_that_use_cmake_find_all_sources(project: str, tests: str, tmp_path: Path) -> None:
    cmake = debian_program("cmake", "cmake", "make")
    export(mixed(), tmp_path / "model", name="mixed")
    (tmp_path / "CMakeLists.txt").write_text(project)
    said(cmake, "-S", str(tmp_path), "-B", str(tmp_path / "build"), f"-DCONFIG_MIXED_SELFTEST={tests}")
    commands = said(cmake, "--build", str(tmp_path / "build"), "--verbose")
    for wanted in ("mixed.c", "mixed_weights.c", "-ffp-contract=off"):
        assert wanted in commands
    assert ("mixed_selftest.c" in commands) == bool(tests)


def test_what_compiles_all_that_is_below_src_finds_the_self_test(
    exported: Exported, c_compiler: Compiler, tmp_path: Path
) -> None:
    """As Arduino and PlatformIO do."""
    name, src, program = exported.plan.name, exported.folder / "src", tmp_path / "program"
    (tmp_path / "main.c").write_text(
        f"#include <selftest/{name}_selftest.h>\nint main(void) {{ return {name}_selftest(); }}\n"
    )
    sources = [str(path) for path in (*sorted(src.rglob("*.c")), tmp_path / "main.c")]
    compiled([*c_compiler.command, *STRICT, f"-I{src}", *sources, "-o", str(program), "-lm"])
    assert subprocess.run([program], check=False).returncode == 0
    assert f"#include <selftest/{name}_selftest.h>" in exported.files[f"examples/{name}_selftest/{name}_selftest.ino"]


def test_a_processor_with_a_small_int_is_told_so(tmp_path: Path) -> None:
    source = str(export(sine(), tmp_path / "sine").folder / "src" / "sine.c")
    gcc = debian_program("gcc", "gcc")
    for largest, refused in ((0x7FFF, True), (0x7FFFFFFF, False)):
        command = [gcc, "-E", "-U__INT_MAX__", f"-D__INT_MAX__={largest}", source]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ("int of 32 bits" in done.stderr) == refused


def test_a_status_is_computed_once_to_be_put_into_words(tmp_path: Path, c_compiler: Compiler) -> None:
    exported = export(sine(), tmp_path / "sine")
    main = tmp_path / "main.c"
    main.write_text(
        '#include "sine.h"\nstatic int calls;\nstatic int status(void) { calls++; return SINE_ERROR_ALIGNMENT; }\n'
        "int main(void) { return SINE_STRERROR(status())[0] == 't' ? calls : 9; }\n"
    )
    assert subprocess.run([built(exported, str(main), c_compiler)], check=False).returncode == 1


def test_an_export_says_what_it_was_made_of(tmp_path: Path) -> None:
    content = (REPOSITORY / "models" / "sine.tflite").read_bytes()
    exported = export(sine(), tmp_path / "sine", kernels="reference", origin=Origin.of("sine.tflite", content))
    digest = hashlib.sha256(content).hexdigest()
    about = json.loads((exported.folder / "ember-infer.json").read_text())
    assert about["model"] == {"file": "sine.tflite", "sha256": digest}
    assert (about["tool"], about["kernels"], about["samples"], about["inputs"]) == (tool(), "reference", 8, False)
    for path in ("src/sine.h", "src/sine.c", "src/sine_weights.c", "README.md"):
        assert f"{tool()} from sine.tflite, SHA-256 {digest}." in exported.files[path]


def test_every_file_of_code_says_its_licence(exported: Exported) -> None:
    line = "/* SPDX-License-Identifier: MIT OR Apache-2.0 */\n"
    code = {path: text for path, text in exported.files.items() if path.endswith((".c", ".h"))}
    without = {path for path, text in code.items() if not text.startswith(line)}
    assert without == {f"src/{exported.plan.name}_weights.c"}
    assert exported.files["LICENSE"] == (REPOSITORY / "LICENSE-MIT").read_text()


@pytest.mark.parametrize(("folder", "shown"), [("für Zähler", "für Zähler"), ('a`b"c$(d)', "a_b_c_(d)")])
def test_the_readme_names_the_folder_as_it_is_called(folder: str, shown: str, tmp_path: Path) -> None:
    exported = export(sine(), tmp_path / folder)
    assert f'`add_subdirectory("{shown}")`' in (exported.folder / "README.md").read_text(encoding="utf-8")


def test_a_path_is_no_model_and_the_message_says_what_is() -> None:
    with pytest.raises(TypeError, match=r"takes a model class .*load_program\(path\) gives, not str"):
        export("sine.tflite", "out")  # type: ignore[arg-type]


def test_the_parts_of_the_arena_add_up(exported: Exported) -> None:
    sizes = [int(size) for size in re.findall(r"^\| of it [a-z]+ \| (\d+) \|$", exported.files["README.md"], re.M)]
    assert sum(sizes) == exported.plan.arena_len


def test_metadata_is_well_formed(exported: Exported) -> None:
    files, name = exported.files, exported.plan.name
    library = json.loads(files["library.json"])
    assert library["name"] == name
    assert library["headers"] == f"{name}.h"
    assert library["build"]["srcDir"] == "src"
    assert yaml.safe_load(files["idf_component.yml"])["version"] == library["version"]
    module = yaml.safe_load(files["zephyr/module.yml"])
    assert module["name"] == name
    assert {f"{module['build']['cmake']}/CMakeLists.txt", module["build"]["kconfig"]} <= files.keys()
    properties = dict(line.split("=", 1) for line in files["library.properties"].splitlines())
    required = {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"}
    assert required <= properties.keys()
    assert properties["includes"] == f"{name}.h"
    assert f"examples/{name}/{name}.ino" in files


def test_a_folder_says_of_every_core_how_large_the_arena_is(tmp_path: Path) -> None:
    """CMSIS-NN's vector kernels want more scratch than its plain C."""
    digits = load_program(REPOSITORY / "models" / "digits.tflite")
    made = export(digits, tmp_path / "digits", kernels="cmsis-nn")
    assert f"| arena, in RAM | {made.plan.arena_len} |" in made.files["README.md"]
    assert f"| arena on Arm with vectors | {made.plan.arena_len_on('mve')} |" in made.files["README.md"]


def sum_of_three() -> Program:
    """Of int8, whose kernel shares its header with that of float32."""
    writer = ModelWriter()
    *inputs, sum_ = (writer.tensor(name, (2, 3), scale=0.5, zero_point=-3) for name in ("a", "b", "c", "sum"))
    writer.operator("ADD_N", inputs, [sum_])
    return load_program(writer.finish(inputs, [sum_]))


def test_floats_are_not_contracted_where_there_are_any(tmp_path: Path) -> None:
    described = ("CMakeLists.txt", "zephyr/CMakeLists.txt", "library.json", "README.md")
    floats = export(mixed(), tmp_path / "mixed")
    assert all("-ffp-contract=off" in floats.files[name] for name in described)
    for number, program in enumerate((sine(), sum_of_three())):
        integers = export(program, tmp_path / str(number), name="integers")
        assert not any("-ffp-contract=off" in integers.files[name] for name in described)


def test_nothing_is_left_to_fill_in(exported: Exported) -> None:
    for path, text in exported.files.items():
        assert not re.search(r"@\w+@", text), path
        assert text.isascii(), path
        assert text.endswith("\n"), path
        assert (exported.folder / path).read_text() == text


def test_a_model_class_is_exported_as_its_program_is(tmp_path: Path) -> None:
    @ember_model(REPOSITORY / "models" / "sine.tflite")
    class SineModel: ...

    exports = [export(model, tmp_path / str(type(model)) / "sine") for model in (SineModel, SineModel.program)]
    assert exports[0].files == exports[1].files


def test_every_layer_in_the_way_is_named_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = {name: where for name, where in KERNELS.items() if name not in ("add", "softmax")}
    monkeypatch.setattr("ember_infer_firmware.plan.KERNELS", lacking)
    digits = load_program(REPOSITORY / "models" / "digits.tflite")
    with pytest.raises(UnsupportedOperator) as caught:
        export(digits, tmp_path / "new" / "digits")
    layers = [call.name for call in digits.calls if call.method in ("add", "softmax")]
    assert len(layers) == 3
    assert str(caught.value) == "digits: " + "; ".join(
        f"{call.name} ({call.method}): there is no kernel" for call in digits.calls if call.name in layers
    )
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_done_is_said_before_anything_is_written(tmp_path: Path) -> None:
    refusals: list[tuple[dict[str, object], type[Exception], str]] = [
        ({"name": "two words"}, ValueError, "'two words'"),
        ({"name": "string"}, ValueError, "'string'"),
        ({"name": "2nd"}, ValueError, "'2nd'"),
        ({"name": "größe"}, ValueError, "ASCII"),
        ({"kernels": "unheard-of"}, ValueError, "kernels must be 'reference'.*not 'unheard-of'"),
        ({"inputs": np.zeros(3, np.float32)}, ComparisonError, "int8 is wanted, not float32"),
    ]
    for arguments, kind, message in refusals:
        with pytest.raises(kind, match=message):
            export(sine(), tmp_path / "sine", **arguments)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_file_called_like_a_header_gets_another_name(tmp_path: Path) -> None:
    (tmp_path / "string.tflite").write_bytes((REPOSITORY / "models" / "sine.tflite").read_bytes())
    exported = export(load_program(tmp_path / "string.tflite"), tmp_path / "out")
    assert "src/string.h" not in exported.files
    assert "src/model_string.h" in exported.files


def test_a_sample_without_a_result_is_no_golden_vector(tmp_path: Path, c_compiler: Compiler) -> None:
    writer = ModelWriter()
    table = writer.tensor("table", (3,), scale=1.0, data=np.array([5, 6, 7], np.int8))
    index, output = writer.tensor("index", (1,), "int32"), writer.tensor("output", (1,), scale=1.0)
    writer.operator("GATHER", [table, index], [output])
    indices = np.array([[1], [3], [2], [-1]], np.int32)  # two of which lie outside
    model = load_program(writer.finish([index], [output]))
    exported = export(model, tmp_path / "gather", name="gather", inputs=indices)
    text = exported.files["selftest/gather_selftest.c"]
    assert "#define SAMPLES 6\n" in text
    assert selftest(exported, c_compiler) == 0
