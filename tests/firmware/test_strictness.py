"""The C as a firmware project compiles it: every warning is an error, each file stands alone, and nothing is called but
what a bare C library has.
"""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from ember_infer_firmware.c_source import header_text, headers_of
from ember_infer_firmware.kernels import all_kernels
from ember_infer_firmware.plan import plan_program
from ember_infer_firmware.sources import generate
from ember_infer_macros import load_program
from tests.conftest import REPOSITORY
from tests.firmware.trials import stateful_trials, trials_of_calls
from tests.firmware.unity import STRICT, compiled, models_source
from tests.support.debian import debian_program
from tests.support.effort import left_to_ci

# Flags, and the Debian packages that have it.
COMPILERS = {
    "gcc": ((), ("gcc",)),
    "clang": ((), ("clang",)),
    "arm-none-eabi-gcc": (("-mcpu=cortex-m4", "-mthumb"), ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi")),
}
HEADERS = headers_of(all_kernels())
# What kernels may ask of a C library: no memory, no files, no way out.
OF_C = {
    *("memcpy", "memmove", "memset", "memcmp"),
    *(
        "ceilf",
        "cosf",
        "expf",
        "expm1f",
        "floor",  # FLOOR_DIV, where it is not one instruction
        "floorf",
        "fmodf",
        "logf",
        "rintf",
        "roundf",
        "sinf",
        "sqrtf",
        "tanhf",
        "fabsf",
        "lrintf",
    ),
}


@pytest.fixture(scope="session", params=COMPILERS)
def compiler(request: pytest.FixtureRequest) -> list[str]:
    """A compiler's command."""
    flags, packages = COMPILERS[request.param]
    return [debian_program(request.param, *packages), *flags]


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all headers of kernels."""
    folder = tmp_path_factory.mktemp("kernels")
    for name in HEADERS:
        (folder / f"ember_{name}.h").write_text(header_text(name), encoding="ascii")
    return folder


@pytest.mark.parametrize("header", HEADERS)
def test_each_header_stands_alone(header: str, compiler: list[str], kernels: Path) -> None:
    source = kernels / f"only_{header}.c"
    source.write_text(f'#include "ember_{header}.h"\n#include "ember_{header}.h"\n')
    compiled([*compiler, *STRICT, "-O2", "-S", "-o", "/dev/null", str(source)])


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random calls of every operator, and models with state, as one source."""
    folder = tmp_path_factory.mktemp("models")
    trials = [*trials_of_calls(each=2), *stateful_trials()]
    return models_source([plan_program(one.program, f"m{i}", "reference") for i, one in enumerate(trials)], folder)


@left_to_ci
@pytest.mark.parametrize("optimisation", ["-O2", "-Os"])
def test_models_of_every_operator_compile_without_a_warning(
    compiler: list[str], optimisation: str, models: Path, tmp_path: Path
) -> None:
    flags = (*STRICT, "-Wvla", optimisation, "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-fno-math-errno")
    compiled([*compiler, *flags, "-c", str(models), "-o", str(tmp_path / "models.o")])
    if Path(compiler[0]).name == "gcc":
        assert set(undefined(tmp_path / "models.o")) <= OF_C


def undefined(object_file: Path) -> Iterator[str]:
    """What it calls."""
    listed = subprocess.run(["nm", "-u", str(object_file)], capture_output=True, text=True, check=True).stdout
    yield from (line.split()[-1] for line in listed.splitlines())


def test_nothing_calls_itself(models: Path, tmp_path: Path) -> None:
    gcc = debian_program("gcc", "gcc")
    compiled([gcc, "-std=c99", "-O0", "-fcallgraph-info", "-c", str(models), "-o", str(tmp_path / "models.o")])
    graph = (tmp_path / "models.ci").read_text()
    calls: dict[str, set[str]] = defaultdict(set)
    for caller, called in re.findall(r'^edge: \{ sourcename: "(.*?)" targetname: "(.*?)"', graph, re.MULTILINE):
        calls[caller].add(called)
    assert len(calls) > len(HEADERS)
    TopologicalSorter(calls).prepare()  # or a CycleError that names them


def test_the_header_of_a_model_is_cplusplus_too(tmp_path: Path) -> None:
    gcc, compiler = debian_program("gcc", "gcc"), debian_program("g++", "g++")
    plan = plan_program(load_program(REPOSITORY / "models" / "sine.tflite"), "sine", "reference")
    for name, text in generate(plan).items():
        (tmp_path / name).write_text(text)
    strict = ("-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")
    main = "int main() { return sine_run(nullptr, nullptr, nullptr) == SINE_ERROR_NULL ? 0 : SINE_STRERROR(1)[0]; }"
    (tmp_path / "main.cpp").write_text(f'#include "sine.h"\n{main}\n')
    for source in ("sine.c", "sine_weights.c"):
        compiled([gcc, *STRICT, "-c", str(tmp_path / source), "-o", str(tmp_path / f"{source}.o")])
    objects = [str(tmp_path / f"{source}.o") for source in ("sine.c", "sine_weights.c")]
    compiled([compiler, *strict, str(tmp_path / "main.cpp"), *objects, "-o", str(tmp_path / "main")])
    subprocess.run([str(tmp_path / "main")], check=True)


def test_headers_name_modules_that_there_are() -> None:
    """``Planned by X.py`` is for whoever meets a kernel in an exported folder and looks for what fills its struct."""
    folder = REPOSITORY / "ember_infer_firmware" / "kernels"
    for header in HEADERS:
        planners = re.findall(r"\w+\.py", header_text(header))
        assert [name for name in planners if not (folder / name).is_file()] == []
