"""The backend under test: found by name, with its known exceptions, and called so that nothing goes unseen."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from ember_infer_core.backend import KernelBackend, activation_types
from ember_infer_core.conformance.calls import BoundCall, Offsets, Outcome, bind_call
from ember_infer_core.conformance.definition import expected_of
from ember_infer_core.conformance.expected import Expected
from ember_infer_core.conformance.known import KnownException
from ember_infer_core.conformance.report import Evidence, Finding
from ember_infer_core.errors import AlignmentError, KernelError, UnsupportedOperator
from ember_infer_core.executable import Executable
from ember_infer_core.ops import DEFAULTS, OPERATORS
from ember_infer_core.program import Program

__all__ = ["OPTIONAL", "Made", "Subject", "check_outcome", "load_subject"]

OPTIONAL = frozenset(OPERATORS) - KernelBackend.__abstractmethods__

SINGLE_CALL = "a single call, all buffers at multiples of 16"


@dataclass(frozen=True, slots=True)
class Made:
    """A single call that was made: what it was to give, what it did, and the memory that it was made in."""

    operator: str
    params: Any
    expected: Expected
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
        refused_types: whether it refuses an operator, named first, over operands of these types, as far as tried.
    """

    spec: str
    backend: KernelBackend
    exceptions: tuple[KnownException, ...] = ()
    refused_types: dict[tuple[str, ...], bool] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Short, for the tests' names."""
        return self.spec.partition(":")[2]

    def excused(self, operator: str, params: Any) -> bool:
        """Whether it need not give what the definition says in this call: a known exception covers it, or it has
        operands of other types than int8, and the backend does not take them.
        """
        return any(known.covers(operator, params) for known in self.exceptions) or self._refuses_types(operator, params)

    def _refuses_types(self, operator: str, params: Any) -> bool:
        types = activation_types(params)
        if types <= {"int8"}:
            return False
        key = (operator, *sorted(types))
        if key not in self.refused_types:
            self.refused_types[key] = not type(self.backend).takes(operator, params) or self._refuses(operator, params)
        return self.refused_types[key]

    def _refuses(self, operator: str, params: Any) -> bool:
        outcome = self.make(operator, params).outcome
        return isinstance(outcome.error, UnsupportedOperator) and outcome.untouched

    def has(self, operator: str) -> bool:
        """Whether the backend has a kernel of its own to be tested: it must have, or its class says that it has."""
        return operator not in OPTIONAL or operator in type(self.backend).operators()

    def require(self, operator: str) -> None:
        """Skips the test if the operator is optional and the backend's class does not have it."""
        if not self.has(operator):
            pytest.skip(f"{'the contract does it' if operator in DEFAULTS else 'not implemented'}: {operator}")

    def compile(self, program: Program) -> Executable:
        """An executable."""
        return self.backend.compile(program)

    def make(self, operator: str, params: Any, offsets: Offsets | None = None) -> Made:
        """One single call in guarded memory, its buffers so far beyond multiples of 16."""
        expected, bound = expected_of(operator, params), bind_call(self.backend, operator, params, offsets)
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
        if made.right or (isinstance(made.outcome.error, AlignmentError) and made.outcome.untouched):
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
    expected: Expected,
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
