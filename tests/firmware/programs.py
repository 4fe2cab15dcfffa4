"""What tests of firmware need."""

from __future__ import annotations

from ember_infer_core.errors import KernelError
from ember_infer_firmware.boards import Board
from tests.conftest import skip_or_fail
from tests.support.debian import debian_program

__all__ = ["board_tools"]


def board_tools(board: Board) -> None:
    """Compiler, C library and emulator of a board: there, or installed, or a reason to skip."""
    debian_program(board.compiler, *board.packages)
    debian_program(board.emulator, *board.packages)
    try:
        board.require()
    except KernelError as error:
        skip_or_fail(str(error))
