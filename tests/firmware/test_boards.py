"""Emulated boards: what they say of a program is true."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ember_infer_core.errors import CompileError, KernelError
from ember_infer_firmware.boards import BOARDS, Board, board_named, link, model_sizes, run, run_model, sizes
from ember_infer_firmware.plan import plan_program
from ember_infer_macros import load_program
from tests.conftest import REPOSITORY
from tests.firmware.programs import board_tools
from tests.support.effort import left_to_ci

pytestmark = left_to_ci

HELLO = {"main.c": '#include "ember_board.h"\nint main(void) { ember_print("hello\\n"); return 7; }\n'}
LOOPS = """
#include "ember_board.h"

/* Two instructions for each turn. */
__attribute__((noinline)) static void turn(uint32_t times) {
#ifdef __riscv
    __asm__ volatile("1: addi %0, %0, -1\\nbnez %0, 1b" : "+r"(times));
#else
    __asm__ volatile(".syntax unified\\n1: subs %0, %0, #1\\nbne 1b" : "+l"(times) : : "cc");
#endif
}

int main(void) {
    const uint64_t start = ember_ticks();
    turn(10000);
    const uint64_t middle = ember_ticks();
    turn(110000);
    const uint64_t ticks = (ember_ticks() - middle) - (middle - start);
    return ember_write(ember_open("ticks.bin", 1), &ticks, sizeof(ticks));
}
"""
STACK = """
#include "ember_board.h"

__attribute__((noinline)) static void deep(void) {
    volatile uint8_t much[1000];
    for (uint32_t i = 0; i < sizeof(much); i++)
        much[i] = 1;
}

int main(void) {
    ember_paint_stack();
    deep();
    const uint32_t used = ember_stack_used();
    return ember_write(ember_open("stack.bin", 1), &used, sizeof(used));
}
"""


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> Board:
    found = BOARDS[request.param]
    board_tools(found)
    return found


def test_a_program_prints_and_its_status_arrives(board: Board, tmp_path: Path) -> None:
    report = run(board, link(board, HELLO, tmp_path))
    assert (report.status, report.output) == (7, "hello\n")


def test_instructions_are_counted_exactly(board: Board, tmp_path: Path) -> None:
    assert run(board, link(board, {"main.c": LOOPS}, tmp_path)).status == 0
    ticks = int.from_bytes((tmp_path / "ticks.bin").read_bytes(), "little")
    assert board.instructions(ticks) == pytest.approx(2 * 100_000, abs=5)


def test_stack_is_measured(board: Board, tmp_path: Path) -> None:
    assert run(board, link(board, {"main.c": STACK}, tmp_path)).status == 0
    assert 1000 <= int.from_bytes((tmp_path / "stack.bin").read_bytes(), "little") <= 1100


def test_sizes_are_of_what_is_asked_for_alone(board: Board) -> None:
    sources = {
        "wanted_weights.c": "#include <stdint.h>\nextern const int32_t a[25];\nconst int32_t a[25] = {1};\n",
        "wanted.c": "extern const int a[25];\nint wanted(void);\nint unwanted(void);\nstatic int kept[10], set = 5;\n"
        "int wanted(void) { kept[set]++; return a[set++] + kept[set]; }\n"
        "int unwanted(void) { return set * 1234567; }\n",
    }
    found = sizes(board, sources, ["wanted"])
    assert found.weights == 100
    assert found.bss in range(40, 49)
    assert found.data == 4
    assert 12 <= found.code <= 80
    assert sizes(board, sources, []).code < 8


def test_a_fault_of_the_processor_ends_the_program(board: Board, tmp_path: Path) -> None:
    wild = {"main.c": "int main(void) { __builtin_trap(); }\n"}
    report = run(board, link(board, wild, tmp_path))
    assert (report.status, report.output) == (3, "the processor met a fault\n")


def test_a_program_without_end_is_given_up(board: Board, tmp_path: Path) -> None:
    program = link(board, {"main.c": "int main(void) { for (;;) {} }\n"}, tmp_path)
    with pytest.raises(KernelError, match=f"on {board.name} does not end within 1 s"):
        run(board, program, seconds=1)


def test_what_has_no_room_is_said_by_name() -> None:
    board = board_named("cortex-m0")
    board_tools(board)
    large = {"big_weights.c": "extern const int big[100000];\nconst int big[100000] = {1};\n"}
    with pytest.raises(
        KernelError, match=r"^big does not fit on cortex-m0 \(microbit\): it needs \d+ bytes more flash"
    ):
        sizes(board, large, ["big"], what="big")
    much = {"much.c": "int much[10000] = {0};\n"}
    with pytest.raises(KernelError, match=r"it needs \d+ bytes more RAM than its 16 kB"):
        sizes(board, much, ["much"], what="much")


def test_what_does_not_compile_is_no_question_of_room(tmp_path: Path) -> None:
    board = board_named("m4")
    board_tools(board)
    with pytest.raises(CompileError, match=r"refuses main\.c"):
        link(board, {"main.c": "int main(void) { return missing; }\n"}, tmp_path)
    with pytest.raises(CompileError, match="cannot link the program"):
        link(board, {"main.c": "int missing(void);\nint main(void) { return missing(); }\n"}, tmp_path)


def test_missing_tools_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path: None)
    with pytest.raises(KernelError, match=r"arm-none-eabi-gcc and qemu-system-arm: .* libnewlib-arm-none-eabi"):
        board_named("cortex-m55").require()


@pytest.mark.parametrize("path", [".:{}", ":{}", "{}:", "planted:{}"])
def test_programs_of_the_working_folder_are_not_run(path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    board, ran = board_named("m4"), tmp_path / "ran"
    for folder in (tmp_path, tmp_path / "planted"):
        folder.mkdir(exist_ok=True)
        for program in (board.compiler, board.emulator):
            (folder / program).write_text(f"#!/bin/sh\ntouch '{ran}'\n")
            (folder / program).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", path.format(tmp_path / "empty"))
    with pytest.raises(KernelError, match="arm-none-eabi-gcc and qemu-system-arm"):
        board.require()
    assert not ran.exists()


def test_a_missing_c_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("riscv64-unknown-elf-gcc", "qemu-system-riscv32"):
        (tmp_path / name).write_text('#!/bin/sh\necho "${1#-print-file-name=}"\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        KernelError, match=r"^rv32 needs a C library for riscv64-unknown-elf-gcc: .* picolibc-riscv64-unknown-elf"
    ):
        board_named("rv32").require()


def test_an_unknown_board_is_told_which_there_are() -> None:
    with pytest.raises(ValueError, match=r"no board 'm1': there are cortex-m0, .*, rv32"):
        board_named("m1")


def test_a_model_answers_with_its_instructions_stack_and_sizes(board: Board) -> None:
    plan = plan_program(load_program(REPOSITORY / "models" / "sine.tflite"), "sine", "reference")
    samples = np.arange(-128, 128, dtype=np.int8).reshape(256, 1, 1)
    runs = run_model(board, plan, [samples])
    assert runs.outputs[0].shape == (256, 1, 1)
    assert runs.statuses == (0,) * 256
    assert all(1000 < count < 10_000 for count in runs.instructions)
    assert 0 < runs.stack < 200
    found = model_sizes(board, plan)
    assert (found.data, found.bss) == (0, 0)
    assert found.code < 1500
    assert found.weights >= sum(constant.array.nbytes for constant in plan.constants.arrays.values())
