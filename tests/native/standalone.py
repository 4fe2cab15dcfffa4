"""Generated code as a program of its own: ``run_model.c`` around it, compiled for and run by whatever is asked for."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ember_infer_core import Program
from ember_infer_native.codegen import generate
from ember_infer_native.planner import plan_program
from ember_infer_native.targets import Target
from ember_infer_native.weights import blob_name, incbin_source
from tests.native.random_programs import Samples

_MAIN = Path(__file__).with_name("run_model.c")
_EXACTLY = ("-fno-strict-aliasing", "-ffp-contract=off", "-fno-math-errno")  # as NativeBackend compiles
_SYMBOL = "ember_constants"
_SECONDS = 600.0
_ALIGNMENT = 64  # bytes, as the code that reads the constants expects
_BYTES_A_LINE = 32
# Three octal digits are as long as an escape gets: a digit that follows cannot join it. '?' may begin a trigraph.
_PLAIN = set(range(0x20, 0x7F)) - set(b'"\\?')
_IN_A_LITERAL = [chr(byte) if byte in _PLAIN else f"\\{byte:03o}" for byte in range(256)]


def run_standalone(
    program: Program,
    samples: Samples,
    target: Target,
    compiler: Sequence[str],
    flags: Sequence[str],
    folder: Path,
    emulator: Sequence[str] = (),
    linker: Sequence[str] = (),
) -> tuple[Samples, Samples]:
    """The outputs of each sample by ``ember_run``, and by ``ember_batch``.

    Args:
        compiler: its command.
        flags: for it, after those of the target.
        linker: what makes a program with a C library of the compiler's object, where the compiler alone cannot.
        emulator: what runs the program.
    """
    plan = plan_program(program, target)
    for name, content in generate(plan, python=False).items():
        if isinstance(content, str):
            # Constants in the text, so that a sanitizer knows where they end.
            incbin = incbin_source(_SYMBOL, blob_name(plan.constants))
            assert incbin in content
            content = content.replace(incbin, array_source(_SYMBOL, plan.constants)).encode()
        (folder / name).write_bytes(content)
    compile = [*compiler, *target.flags, *flags, *_EXACTLY, "-I", str(folder), str(_MAIN)]
    if linker:
        _run([*compile, "-c", "-o", "run_model.o"], folder, b"")
        _run([*linker, "run_model.o", "-lm", "-o", "run_model"], folder, b"")
    else:
        _run([*compile, "-o", "run_model"], folder, b"")
    lengths = (*plan.inputs, *plan.outputs)
    head = np.array((len(samples), len(plan.inputs), len(lengths), *lengths), np.int64)
    content = b"".join(array.tobytes() for sample in samples for array in sample)
    said = _run([*emulator, str(folder / "run_model")], folder, head.tobytes() + content)
    return _read(said, program, len(samples))


def _run(command: Sequence[str], folder: Path, given: bytes) -> bytes:
    done = subprocess.run(command, cwd=folder, input=given, capture_output=True, timeout=_SECONDS, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace")[:4000]
        raise AssertionError(f"{' '.join(command)[:300]}: exit status {done.returncode}\n{said}")
    return done.stdout


def _read(said: bytes, program: Program, samples: int) -> tuple[Samples, Samples]:
    tensors = [program.tensors[index] for index in program.outputs]
    ends = np.cumsum([tensor.size for tensor in tensors])
    rows = np.frombuffer(said, np.uint8).reshape(2 * samples, int(ends[-1]))
    results = [
        [
            part.view(tensor.dtype).reshape(tensor.shape)
            for part, tensor in zip(np.split(row, ends[:-1]), tensors, strict=True)
        ]
        for row in rows
    ]
    return results[:samples], results[samples:]


def array_source(symbol: str, data: bytes) -> str:
    """C that holds the bytes in its own text, declared as ``incbin_source`` does: a string literal, which compilers
    read far faster than numbers in braces.
    """
    lines = [_literal(data[start : start + _BYTES_A_LINE]) for start in range(0, len(data), _BYTES_A_LINE)]
    text = "\n".join(lines) or '""'
    size = max(len(data), 1)  # C has no empty arrays
    attributes = f'__attribute__((aligned({_ALIGNMENT}), visibility("hidden")))'
    return f"{attributes} const unsigned char {symbol}[{size}] =\n{text};\n"


def _literal(data: bytes) -> str:
    return '"' + "".join([_IN_A_LITERAL[byte] for byte in data]) + '"'
