"""Every exception of Ember Infer, in one place.

Two families: :class:`ModelError` for a file that cannot become a program, :class:`KernelError` for a call that cannot
be carried out. Both are raised before anything is written. :class:`Undefined` is between them: preparing a call raises
it, and lowering makes a ModelError of it.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from typing_extensions import override

__all__ = [
    "AlignmentError",
    "ArtifactError",
    "ComparisonError",
    "CompileError",
    "CompilerNotFound",
    "InternalError",
    "InvalidShape",
    "KernelError",
    "ModelError",
    "ModelWarning",
    "QuantizedTwiceWarning",
    "ScratchTooSmall",
    "Undefined",
    "UnsupportedActivation",
    "UnsupportedModelError",
    "UnsupportedOperator",
    "listed",
]

_SHOWN_LINES = 20
_SHOWN_ITEMS = 20
_SHOWN_PROBLEMS = 40
_ADVICE_PAGE = "docs/getting-a-model-that-runs.md"


def listed(items: Sequence[str]) -> str:
    """The first items of a list in words, and how many more there are."""
    more = len(items) - _SHOWN_ITEMS
    return ", ".join(items[:_SHOWN_ITEMS]) + (f" and {more} more" if more > 0 else "")


def _printable(text: str) -> str:
    """A message without what would steer the terminal that shows it: paths and names may hold anything."""
    return "".join(character if character.isprintable() or character == "\n" else "?" for character in text)


class ModelError(ValueError):
    """A model file that is missing, damaged, contradictory or not a TensorFlow Lite model.

    Args:
        source: what was read: a path, or ``<bytes>``.
        reason: what is wrong, and where in the model.
    """

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(_printable(f"{source}: {reason}"))
        self.source = source
        self.reason = reason

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.source, self.reason)


class UnsupportedModelError(ModelError):
    """A valid model that this project does not run.

    Attributes:
        problems: everything that stands in the way, at once.
        shown: the problems in the message, of which there may be many: the first, and how many more there are.
        advice: what to do about it, each once.
    """

    def __init__(self, source: str, problems: Sequence[str], advice: Sequence[str] = ()) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        self.advice: tuple[str, ...] = tuple(advice)
        beyond = len(self.problems) - _SHOWN_PROBLEMS
        self.shown: tuple[str, ...] = self.problems[:_SHOWN_PROBLEMS] + ((f"and {beyond} more",) if beyond > 0 else ())
        lines = "".join(f"\n  - {problem}" for problem in self.shown)
        if self.advice:
            lines += f"\nwhat to do ({_ADVICE_PAGE} says more):" + "".join(f"\n  - {cure}" for cure in self.advice)
        super().__init__(source, f"not supported:{lines}")

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.source, self.problems, self.advice)


class ModelWarning(UserWarning):
    """Something odd in a model file that does not change what it computes."""


class QuantizedTwiceWarning(UserWarning):
    """What looks quantised already was given where real values are wanted, and has been quantised once more."""


class ComparisonError(ValueError):
    """Two sides that cannot be compared: one is not there, cannot run the model, or has other data than it needs."""


class KernelError(Exception):
    """A kernel call that cannot be carried out; nothing was written."""


class InvalidShape(KernelError, ValueError):
    """An array whose length, shape, dtype, layout or writability is not what the operator asks for."""


class UnsupportedActivation(KernelError):
    """A fused activation that the backend does not implement."""


class AlignmentError(KernelError):
    """A buffer whose address is not aligned as the kernel needs it."""


class InternalError(KernelError):
    """A fault inside a backend: not the caller's."""


class ScratchTooSmall(KernelError):
    """A scratch buffer shorter than the backend's scratch size for this call."""

    def __init__(self, needed: int, given: int, where: str = "") -> None:
        self.needed = needed
        self.given = given
        self.where = where
        at = f"{where}: " if where else ""
        super().__init__(
            f"{at}scratch of {given} bytes is too small: {needed} bytes are needed (see scratch_len[Backend]())"
        )

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.needed, self.given, self.where)


class UnsupportedOperator(KernelError, NotImplementedError):
    """An operator that the backend does not implement."""


class CompilerNotFound(KernelError):
    """No C compiler that works; the message says what was looked for and what to install."""


class ArtifactError(KernelError):
    """Compiled models in a folder that is missing, damaged, or made by another version of Ember Infer."""


class CompileError(KernelError):
    """C that did not become a library.

    Args:
        reason: what went wrong.
        command: the compiler's command line, if it came to that.
        output: what the compiler said; the message shows its beginning.
        advice: what to do, and where the sources are.
    """

    def __init__(self, reason: str, command: Sequence[str] = (), output: str = "", advice: str = "") -> None:
        self.reason = reason
        self.command: tuple[str, ...] = tuple(command)
        self.output = output
        self.advice = advice
        said = output.splitlines()
        parts = [reason, *said[:_SHOWN_LINES]]
        if len(said) > _SHOWN_LINES:
            parts.append(f"... and {len(said) - _SHOWN_LINES} lines more")
        if command:
            parts.append(f"command: {shlex.join(command)}")
        super().__init__("\n".join([*parts, advice] if advice else parts))

    @override
    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.reason, self.command, self.output, self.advice)


class Undefined(ValueError):
    """TFLM runs the call, but what it computes then nobody has defined."""
