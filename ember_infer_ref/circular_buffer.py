"""CIRCULAR_BUFFER."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_infer_ref.plan import Step, run_prepared

if TYPE_CHECKING:
    from ember_infer_core.ops.circular_buffer import CircularBufferParams

__all__ = ["circular_buffer"]


def circular_buffer(params: CircularBufferParams) -> None:
    """CIRCULAR_BUFFER. Source: TFLM ``circular_buffer.cc``.

    Raises:
        InvalidShape: nothing was written.
    """
    run_prepared(params, "ref.circular_buffer", _prepare)


def _prepare(params: CircularBufferParams) -> Step:
    row, rows, counter = params.input.reshape(-1), params.state.reshape(-1), params.counter
    later, moved, last = rows[params.row :], rows[: -params.row], rows[-params.row :]
    before_whole = params.cycles_max - 1

    def run() -> None:
        moved[...] = later
        last[...] = row
        counter[0] = 0 if counter[0] >= before_whole else counter[0] + 1

    return run
