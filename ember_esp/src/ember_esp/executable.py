"""An executable that holds scratch memory to the device's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from ember_esp.placement import is_aligned
from ember_esp.scratch import SCRATCH_ALIGNMENT
from ember_infer_core import AlignmentError, DispatchExecutable, ScratchTooSmall

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ember_infer_core import KernelBackend, Program

__all__ = ["EspExecutable", "check_scratch"]


def check_scratch(scratch: npt.NDArray[np.uint8], needed: int, where: str) -> None:
    """Checks memory before a kernel gets it.

    Raises:
        ScratchTooSmall: it is shorter than ``needed``.
        AlignmentError: it does not start at a multiple of 16.
    """
    if scratch.size < needed:
        raise ScratchTooSmall(needed, scratch.size, where)
    if needed and not is_aligned(scratch):
        raise AlignmentError(
            f"{where}: the scratch starts {scratch.ctypes.data % SCRATCH_ALIGNMENT} bytes after a multiple of "
            f"{SCRATCH_ALIGNMENT}; the vector unit would read and write elsewhere. Reserve {SCRATCH_ALIGNMENT - 1} "
            "bytes more and start at the first multiple"
        )


class EspExecutable(DispatchExecutable):
    """Calls the backend's methods; a caller's scratch is checked before the first kernel runs."""

    def __init__(self, backend: KernelBackend, program: Program) -> None:
        super().__init__(backend, program)
        self._where = program.name

    @override
    def run(self, scratch: npt.NDArray[np.uint8] | None = None) -> None:
        """See :meth:`ember_infer_core.Executable.run`.

        Raises:
            ScratchTooSmall, AlignmentError: nothing has run.
        """
        if scratch is not None:
            check_scratch(scratch, self.scratch_len, self._where)
        super().run(scratch)
