"""Plan → all files of an exported folder: sources, self-test, and what build systems want."""

from __future__ import annotations

import json

from ember_infer_firmware.c_source import literal
from ember_infer_firmware.context import CORES
from ember_infer_firmware.example import example, sketch
from ember_infer_firmware.golden import Golden
from ember_infer_firmware.golden_source import golden_sources, samples_in_words
from ember_infer_firmware.kinds import why_one_task
from ember_infer_firmware.plan import Plan
from ember_infer_firmware.sources import generate, uses_floats
from ember_infer_firmware.template import filled_template, has_template

__all__ = ["project_files"]

# Template -> where it goes.
_FILES = {
    "CMakeLists.txt": "CMakeLists.txt",
    "idf_component.yml": "idf_component.yml",
    "zephyr_module.yml": "zephyr/module.yml",
    "zephyr_CMakeLists.txt": "zephyr/CMakeLists.txt",
    "zephyr_Kconfig": "zephyr/Kconfig",
    "Kconfig": "Kconfig",
    "LICENSE": "LICENSE",
    "library.json": "library.json",
    "library.properties": "library.properties",
    "README.md": "README.md",
}
# Of templates that say how the library comes in that a kind of kernels calls, where it calls any.
_OF_LIBRARIES = ("cmake", "kconfig", "md", "yml")
# Those of Arduino and PlatformIO that have an int of 32 bits: an AVR has not.
_ARCHITECTURES = (
    "esp32 esp8266 rp2040 mbed mbed_edge mbed_giga mbed_nano mbed_nicla mbed_opta mbed_portenta mbed_rp2040 nrf52 "
    "renesas renesas_portenta renesas_uno sam samd silabs stm32 STM32F1 teensy zephyr"
)
_PLATFORMS = (
    "atmelsam espressif32 espressif8266 freescalekinetis gd32v infineonxmc maxim32 native nordicnrf51 nordicnrf52 "
    "nxpimxrt nxplpc raspberrypi renesas-ra sifive siliconlabsefm32 ststm32 teensy titiva"
)
# C99 may fuse a product and a sum into one operation with one rounding, TFLM's builds do not.
_NO_FUSING = "-ffp-contract=off"
_CMAKE_FLOATS = """\
if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options({name} PRIVATE {flag})
endif()
if(NOT MSVC)
    target_link_libraries({name} PUBLIC -lm) # expf and its like; not "m", which may be a target
endif()
"""


def project_files(plan: Plan, golden: Golden, folder: str, made_by: str) -> dict[str, str]:
    """The content of every file by its path in the folder.

    Args:
        plan: the model.
        golden: vectors for the self-test.
        folder: what the folder will be called.
        made_by: for people: what program makes it, of what.
    """
    name = plan.name
    files = {f"src/{file}": text for file, text in generate(plan).items()}
    files |= {f"selftest/{file}": text for file, text in golden_sources(plan, golden).items()}
    values = _values(plan, golden, folder) | {"made_by": literal(made_by)}
    for suffix in _OF_LIBRARIES:  # `esp-nn.cmake` is what CMake is told of ESP-NN
        template = f"{plan.kernels}.{suffix}"
        text = filled_template(template, values).rstrip("\n") if has_template(template) else ""
        values[f"library_{suffix}"] = f"{text}\n" if text and suffix == "md" else text
    files |= {path: filled_template(template, values) for template, path in _FILES.items()}
    files[f"examples/{name}/{name}.ino"] = sketch(plan)
    test = f"{name}_selftest"
    files[f"examples/{test}/{test}.ino"] = filled_template("selftest.ino", values)
    files |= {f"src/selftest/{test}.{suffix}": filled_template(f"forward.{suffix}", values) for suffix in "ch"}
    return {path: _head(plan, path, values["made_by"]) + text for path, text in files.items()}


def _head(plan: Plan, path: str, made_by: str) -> str:
    """What a C file begins with: whose it is, and what of. The weights are of whoever made the model."""
    if not path.endswith((".c", ".h")):
        return ""
    weights = path == f"src/{plan.name}_weights.c"
    lines = [] if weights else ["/* SPDX-License-Identifier: MIT OR Apache-2.0 */"]
    if not path.startswith("src/ember_"):
        lines.append(f"/* By {made_by}. */")
    return "".join(f"{line}\n" for line in lines)


def _in_markdown(text: str) -> str:
    """A folder's name between quotes and backticks."""
    return "".join(c if c.isprintable() and c not in '"`$<\\' else "_" for c in text)


def _values(plan: Plan, golden: Golden, folder: str) -> dict[str, str]:
    floats = uses_floats(plan)
    parts = (("activations", plan.state_start), ("scratch", plan.scratch_len.plain), ("state", plan.state_len))
    sizes = [(f"of it {part}", size) for part, size in parts if size]
    sizes += [
        (f"arena on {core.words}", plan.arena_len_on(name))
        for name, core in CORES.items()
        if plan.arena_len_on(name) != plan.arena_len
    ]
    return {
        "name": plan.name,
        "upper": plan.name.upper(),
        "title": literal(plan.program.name),
        "folder": _in_markdown(folder),
        "architectures": ",".join(_ARCHITECTURES.split()),
        "platforms": json.dumps(_PLATFORMS.split())[1:-1],
        "kernels": plan.kernels,
        "idf_options": f"    target_compile_options(${{COMPONENT_LIB}} PRIVATE {_NO_FUSING})" if floats else "",
        "cmake_options": _CMAKE_FLOATS.format(name=plan.name, flag=_NO_FUSING) if floats else "",
        "zephyr_options": f"    zephyr_library_compile_options({_NO_FUSING})" if floats else "",
        "platformio_flags": f'"{_NO_FUSING}"' if floats else "",
        "float_flags": f" with `{_NO_FUSING}` (Arduino does not: there, floats may differ in the last place)"
        if floats
        else "",
        "weights_len": str(plan.weights_len),
        "arena_len": str(plan.arena_len),
        "parts": "\n".join(f"| {what} | {size} |" for what, size in sizes),
        "example": example(plan).rstrip("\n"),
        "notes": _notes(plan),
        "count": str(len(golden)),
        "samples": samples_in_words(plan),
    }


def _notes(plan: Plan) -> str:
    upper, name = plan.name.upper(), plan.name
    tasks = why_one_task(plan.kernels) or f"Tasks with arenas of their own may call `{name}_run` at once."
    notes = [
        f"The arena may be anywhere in RAM. {tasks} Inputs and outputs that have an `_OFFSET` in `{name}.h` may lie in "
        "the arena."
    ]
    if any(map(plan.is_aligned, plan.ports)):
        notes.append(f"Inputs and outputs that have an `_ALIGNMENT` in `{name}.h` must be aligned to so many bytes.")
    if plan.variables:
        notes.append(f"State is kept in the arena from run to run; `{name}_reset(arena)` begins anew.")
    if plan.program.ends_early:
        notes.append(f"Most runs end early: `{upper}_PENDING` says that the outputs are as they were before.")
    return "\n\n".join(notes) + "\n"
