"""Running a program: the contract between executables and those who run them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import Protocol, runtime_checkable

from ember_infer_core.slots import AnyArray, ByteArray

__all__ = ["Executable", "PredictsDirectly", "Run", "RunsBatches"]


class Run(Protocol):
    """How an executable runs."""

    def __call__(self, scratch: ByteArray | None = None) -> None:
        """Computes the outputs from the inputs, in scratch memory of the caller's if there is any."""
        ...


class Executable(Protocol):
    """A program made ready on one backend, with buffers of its own. For one thread at a time.

    Attributes:
        inputs: arrays of the program's types to fill before a run; a run leaves them as they are.
        outputs: arrays of the program's types, valid until the next run.
        scratch_len: bytes of scratch that :meth:`run` needs when it is given one.
    """

    inputs: tuple[AnyArray, ...]
    outputs: tuple[AnyArray, ...]
    scratch_len: int

    def run(self, scratch: ByteArray | None = None) -> None:
        """Computes the outputs from the inputs. Of a program that :attr:`~Program.ends_early`, those that a run which
        ends early does not come to stay as they were: the last answer, or zeros.

        Args:
            scratch: a contiguous, writable uint8 array to use in place of the executable's own scratch memory.

        Raises:
            ScratchTooSmall: ``scratch`` is shorter than ``scratch_len``; nothing has run.
        """
        ...


@runtime_checkable
class PredictsDirectly(Protocol):
    """An executable that can work on the caller's arrays."""

    def predict(self, *arrays: Any) -> bool:
        """Runs from all inputs to all outputs, given in this order, and returns True if each is a contiguous array of
        the right type and length and the outputs can be written to and lie apart. Or else does nothing and returns
        False. A program with state goes on from the executable's, as in :meth:`Executable.run`.
        """
        ...


@runtime_checkable
class RunsBatches(Protocol):
    """An executable that can take many samples at once."""

    def run_batch(self, inputs: Sequence[AnyArray], outputs: Sequence[AnyArray]) -> None:
        """Runs every sample along the first axis of contiguous arrays ``(samples, *shape)``, each from the initial
        state, if the program has any; the executable's own state stays as it is.
        """
        ...
