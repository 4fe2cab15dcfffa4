"""Emulated boards: exported models on microcontrollers that QEMU plays.

No cycles are counted, but instructions are, and they are the same in every run.
"""

from __future__ import annotations

from ember_infer_firmware.boards.board import BOARDS, Board, board_named
from ember_infer_firmware.boards.build import FLAGS, Sizes, link, sizes
from ember_infer_firmware.boards.emulate import Report, run
from ember_infer_firmware.boards.model import Runs, check_room, model_sizes, run_model

__all__ = [
    "BOARDS",
    "FLAGS",
    "Board",
    "Report",
    "Runs",
    "Sizes",
    "board_named",
    "check_room",
    "link",
    "model_sizes",
    "run",
    "run_model",
    "sizes",
]
