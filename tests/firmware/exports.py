"""Models for tests of exports (with state, with several inputs and outputs, of floats), and exports as programs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from flatbuffers import flexbuffers

from ember_infer_core import Program
from ember_infer_firmware import Exported
from ember_infer_macros import load_program
from ember_infer_native.toolchain import Compiler
from ember_infer_tools.tflite_writer import ModelWriter
from tests.conftest import REPOSITORY
from tests.firmware.unity import STRICT, compiled
from tests.support.stateful_models import running_sum, two_variables

__all__ = ["EXPORTED", "LENIENT", "built", "mixed", "selftest", "sine"]

LENIENT = ("-std=c99", "-w")  # for code that was spoilt, of which a compiler has something to say


def sine() -> Program:
    return load_program(REPOSITORY / "models" / "sine.tflite")


def mixed() -> Program:
    """float32 and int16 in, float32, int8 and uint8 out."""
    writer = ModelWriter()
    real = writer.tensor("real", (2, 3), "float32")
    wide = writer.tensor("wide", (2, 3), "int16", scale=0.5)
    quantized, narrow, sum_ = (
        writer.tensor(name, (2, 3), scale=0.5, zero_point=-3) for name in ("quantized", "narrow", "sum")
    )
    answer = writer.tensor("answer", (2, 3), "float32")
    unsigned = writer.tensor("unsigned", (2, 3), "uint8", scale=0.5, zero_point=125)
    writer.operator("QUANTIZE", [real], [quantized])
    writer.operator("QUANTIZE", [wide], [narrow])
    writer.add(quantized, narrow, sum_)
    writer.operator("DEQUANTIZE", [sum_], [answer])
    writer.operator("QUANTIZE", [sum_], [unsigned])
    return load_program(writer.finish([real, wide], [answer, sum_, unsigned]))


def every_other() -> Program:
    """A stream: every other run ends early, and the other ones answer with the last two inputs."""
    options = flexbuffers.Builder()
    with options.Map():
        options.Key("cycles_max")
        options.Int(2)
    writer = ModelWriter()
    row = writer.tensor("row", (1, 1, 1, 4), scale=0.5)
    rows = writer.tensor("rows", (1, 2, 1, 4), scale=0.5, is_variable=True)
    output = writer.tensor("output", (1, 2, 1, 4), scale=0.5)
    content = bytes(options.Finish())
    writer.operator("CUSTOM", [row], [rows], custom_code="CIRCULAR_BUFFER", custom_options=content)
    writer.add(rows, rows, output)
    return load_program(writer.finish([row], [output]))


EXPORTED: Mapping[str, Callable[[], Program]] = {
    "sine": sine,
    "digits": lambda: load_program(REPOSITORY / "models" / "digits.tflite"),
    "mixed": mixed,
    "every_other": every_other,
    "running_sum": lambda: load_program(running_sum(initial=5)),
    "two_variables": lambda: load_program(two_variables()),
}


def built(exported: Exported, main: str, compiler: Compiler, *more: str, flags: Sequence[str] = STRICT) -> Path:
    """The export and a file beside it as a program."""
    folder, program = exported.folder, exported.folder.parent / "program"
    sources = [str(path) for path in sorted((folder / "src").glob("*.c"))]
    includes = [f"-I{folder / 'src'}", f"-I{folder / 'selftest'}"]
    compiled([*compiler.command, *flags, "-O1", *more, *includes, *sources, main, "-o", str(program), "-lm"])
    return program


def selftest(exported: Exported, compiler: Compiler, flags: Sequence[str] = STRICT) -> int:
    """The status that the self-test ends with as a program."""
    name = exported.plan.name
    main = str(exported.folder / "selftest" / f"{name}_selftest.c")
    program = built(exported, main, compiler, f"-D{name.upper()}_SELFTEST_MAIN", flags=flags)
    return subprocess.run([program], check=False).returncode
