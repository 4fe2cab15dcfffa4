"""The backend under test: found by name, with its known exceptions, and called so that nothing goes unseen."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from ember_infer_core.backend import KernelBackend
from ember_infer_core.conformance.calls import BoundCall, Offsets, Outcome, bind_call
from ember_infer_core.conformance.definition import DEFINITIONS, defined
from ember_infer_core.conformance.known import KnownException
from ember_infer_core.conformance.report import Evidence, Finding
from ember_infer_core.conformance.strategies import drawn
from ember_infer_core.errors import AlignmentError, KernelError, UnsupportedOperator
from ember_infer_core.executable import Executable
from ember_infer_core.program import Program
from ember_infer_core.slots import Int8Array

__all__ = ["OPERATORS", "OPTIONAL", "Made", "Subject", "check_outcome", "load_subject"]

OPERATORS = tuple(DEFINITIONS)
OPTIONAL = frozenset(OPERATORS) - KernelBackend.__abstractmethods__

SINGLE_CALL = "a single call, all buffers at multiples of 16"


@dataclass(frozen=True, slots=True)
class Made:
    """A single call that was made: what it was to give, what it did, and the memory that it was made in."""

    operator: str
    params: Any
    expected: Int8Array
    outcome: Outcome
    bound: BoundCall
    offsets: Offsets

    @property
    def right(self) -> bool:
        """Whether there is nothing to report."""
        return self.outcome.right(self.expected)


@dataclass(frozen=True, slots=True)
class Subject:
    """A backend under test.

    Attributes:
        spec: as it was asked for, ``module:attribute``.
        backend: the instance.
        exceptions: what it is not to be held to.
    """

    spec: str
    backend: KernelBackend
    exceptions: tuple[KnownException, ...] = ()
    _missing: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Short, for the tests' names."""
        return self.spec.partition(":")[2]

    def exception_for(self, operator: str, params: object) -> KnownException | None:
        """The known exception that covers a call."""
        return next((known for known in self.exceptions if known.covers(operator, params)), None)

    def require(self, operator: str) -> None:
        """Skips the test if the operator is optional and the backend does not implement it."""
        if operator in OPTIONAL and operator not in self._missing:
            self._missing[operator] = self._refusal(operator)
        if self._missing.get(operator):
            pytest.skip(f"not implemented: {operator} ({self._missing[operator]})")

    def _refusal(self, operator: str) -> str:
        params = drawn(operator, 1)[0]
        try:
            getattr(self.backend, operator)(bind_call(self.backend, operator, params).params)
        except UnsupportedOperator as error:
            return str(error)
        except Exception:  # whatever it is: the tests will meet it, and report it
            return ""
        return ""

    def compile(self, program: Program) -> Executable:
        """An executable; skips the test if all that the program has is an optional operator that is not implemented."""
        try:
            return self.backend.compile(program)
        except UnsupportedOperator as error:
            if {call.method for call in program.calls} <= OPTIONAL:
                pytest.skip(f"not implemented: {program.calls[0].method} ({error})")
            raise

    def make(self, operator: str, params: Any, offsets: Offsets | None = None) -> Made:
        """One single call in guarded memory, its buffers so far beyond multiples of 16."""
        expected, bound = defined(operator, params), bind_call(self.backend, operator, params, offsets)
        return Made(operator, params, expected, bound.run(self.backend, expected), bound, offsets or {})

    def judge(self, made: Made, evidence: Evidence | None = None, published: str = "") -> None:
        """Holds a single call to what it is to do.

        Raises:
            Finding: it raised, gave something else than the definition, or touched what it may not.
        """
        notes = () if made.right else self._dependences(made)
        places = ", ".join(f"{name} +{offset}" for name, offset in made.offsets.items() if offset)
        how = f"a single call, buffers beyond a multiple of 16: {places}" if places else SINGLE_CALL
        check_outcome(made.operator, made.params, made.expected, made.outcome, how, evidence, published, notes)

    def check_misaligned(self, operator: str, params: Any, offsets: Offsets, published: str = "") -> None:
        """Makes one single call with buffers so many bytes beyond a multiple of 16, if it is right without.

        Raises:
            Finding: it gave something else, or raised anything but an AlignmentError before it wrote.
        """
        made = self.make(operator, params, offsets)
        untouched = np.array_equal(made.outcome.output, made.outcome.unwritten) and not made.outcome.damage
        if made.right or (isinstance(made.outcome.error, AlignmentError) and untouched):
            return
        if self.make(operator, params).right:  # or other tests report it
            self.judge(made, published=published)

    def _dependences(self, made: Made) -> tuple[str, ...]:
        """What makes a call right that was wrong: other memory, aligned memory, clean scratch."""
        if self.make(made.operator, made.params, made.offsets).right:  # the first call's memory is still in use
            return ("state: the call is right in other memory; something is kept from a call with the same addresses",)
        if any(made.offsets.values()) and self.make(made.operator, made.params).right:
            return ("misaligned buffers: the call is right where all are at multiples of 16",)
        again = bind_call(self.backend, made.operator, made.params, made.offsets)
        if again.params.scratch.size:
            again.params.scratch[...] = 0
            if again.run(self.backend, made.expected).right(made.expected):
                return ("the call is right if its scratch holds zeros before; what it holds is undefined",)
        return ()


def check_outcome(
    operator: str,
    params: Any,
    expected: Int8Array,
    outcome: Outcome,
    how: str,
    evidence: Evidence | None = None,
    published: str = "",
    notes: Sequence[str] = (),
) -> None:
    """Holds what a call did to what it is to do; ``evidence``, if any, has seen the call.

    Raises:
        Finding: it differs.
    """
    if outcome.right(expected):
        return
    if evidence is None:
        evidence = Evidence()
        evidence.add(params, expected, outcome)
    raise Finding(operator, params, expected, outcome, how, evidence, published, notes)


def load_subject(spec: str) -> Subject:
    """The backend that ``module:attribute`` names: a class or function that takes no arguments, or an instance.

    Raises:
        ValueError: the text has another form, or what it names is not there or no backend.
    """
    module_name, colon, attribute = spec.partition(":")
    if not (module_name and colon and attribute):
        raise ValueError(f"--backend {spec!r}: write module:attribute, such as ember_infer_ref:RefBackend")
    try:
        found = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"--backend {spec!r}: {error}") from error
    backend = found
    if not isinstance(found, KernelBackend):
        if not callable(found):
            raise ValueError(f"--backend {spec!r}: {attribute} is neither a backend nor makes one")
        try:
            backend = found()
        except (TypeError, KernelError, OSError) as error:
            raise ValueError(f"--backend {spec!r}: {attribute}() raised {type(error).__name__}: {error}") from error
    if not isinstance(backend, KernelBackend):
        raise ValueError(
            f"--backend {spec!r}: {attribute} gives a {type(backend).__name__}, which is no KernelBackend; for one "
            "that has some operators only, name a function that returns FallbackBackend(yours, RefBackend())"
        )
    return Subject(spec, backend, _exceptions(spec, backend))


def _exceptions(spec: str, backend: KernelBackend) -> tuple[KnownException, ...]:
    found = tuple(getattr(backend, "conformance_exceptions", ()))
    for known in found:
        if not isinstance(known, KnownException):
            raise ValueError(f"--backend {spec!r}: conformance_exceptions holds {known!r}, which is no KnownException")
    return found
