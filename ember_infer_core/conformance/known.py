"""Known exceptions: what a backend is not to be held to, each with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

__all__ = ["KnownException"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownException:
    """Something that the suite expects of every backend, and not of this one.

    A backend lists its exceptions in the attribute ``conformance_exceptions``. Either it names calls (``operator`` and
    ``when``), which then may give anything but damage nothing; or it names tests (``test``), which then must fail. An
    exception that nothing needs any more is reported, so that it can be removed.

    Attributes:
        reason: why, in a sentence for whoever reads the report.
        operator: the operators meant, as a shell pattern: ``conv2d``, ``*conv2d``.
        when: whether a call of such an operator, given its parameters, is meant; None for every call.
        test: the tests meant, as a shell pattern over their names: ``test_threads*softmax*``.
    """

    reason: str
    operator: str | None = None
    when: Callable[[Any], bool] | None = None
    test: str | None = None

    def __post_init__(self) -> None:
        if (self.operator is None) == (self.test is None) or (self.test is not None and self.when is not None):
            raise ValueError(f"known exception {self.reason!r}: give either operator (and when), or test")

    def covers(self, operator: str, params: object) -> bool:
        """Whether it is about this call."""
        return self.names(operator) and (self.when is None or self.when(params))

    def names(self, operator: str) -> bool:
        """Whether it may be about calls of this operator."""
        return self.operator is not None and fnmatchcase(operator, self.operator)

    def covers_test(self, name: str) -> bool:
        """Whether it is about this test, whose name has no folder and no backend in it."""
        return self.test is not None and fnmatchcase(name, self.test)
