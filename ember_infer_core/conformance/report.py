"""Findings in words that a person can act on."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ember_infer_core.conformance.calls import Outcome, error_in_words
from ember_infer_core.conformance.diagnosis import Seen, circumstances, likely_mistakes, places
from ember_infer_core.errors import KernelError
from ember_infer_core.slots import Int8Array

__all__ = ["Evidence", "Finding"]

_KEPT = 40  # calls of each kind: enough to tell one mistake from another
_SHOWN = 16  # elements of an array
_INDENT = 17


@dataclass(slots=True)
class Evidence:
    """Calls of one operator that were made, right and wrong, for a diagnosis that explains all of them."""

    right: list[Seen] = field(default_factory=list)
    wrong: list[Seen] = field(default_factory=list)
    refused: list[Any] = field(default_factory=list)

    def add(self, params: Any, expected: Int8Array, outcome: Outcome) -> None:
        """Keeps a call whose inputs are bound."""
        if outcome.error is not None:
            self.refused.append(params)
            return
        seen = Seen(params, expected, outcome.output)
        kept = self.wrong if seen.wrong else self.right
        kept.append(seen)
        if len(kept) > _KEPT:
            del kept[_KEPT // 2]  # early and late ones are the least alike


class Finding(AssertionError):
    """A call that did not do what the contract says. Its text is the report, made when it is asked for.

    Args:
        operator: the method.
        params: of the call, with the inputs bound.
        expected: what it is to give.
        outcome: what it did.
        how: in what way the call was made.
        evidence: calls of the operator, this one among them.
        published: the bug that the call was made after, if any.
        notes: what is known of the cause already.
    """

    def __init__(
        self,
        operator: str,
        params: Any,
        expected: Int8Array,
        outcome: Outcome,
        how: str,
        evidence: Evidence,
        published: str = "",
        notes: Sequence[str] = (),
    ) -> None:
        super().__init__(operator)
        self.operator = operator
        self.params = params
        self.expected = expected
        self.outcome = outcome
        self.how = how
        self.evidence = evidence
        self.published = published
        self.notes: list[str] = list(notes)

    def __str__(self) -> str:
        lines = [self._headline(), ""]
        lines += _entry("operator", [f"{self.operator} ({type(self.params).__name__})"])
        lines += _entry("how called", [self.how])
        if self.published:
            lines += _entry("made after", [self.published])
        lines += list(self._facts())
        lines += _entry("likely", self._diagnosis())
        lines += _entry("attributes", list(_attributes(self.params)))
        lines += _entry("content", list(_contents(self.params)))
        return "\n".join(lines)

    @property
    def _wrong(self) -> int:
        return int(np.count_nonzero(self.expected != self.outcome.output))

    def _headline(self) -> str:
        if self.outcome.error is not None:
            return f"{self.operator} raised {type(self.outcome.error).__name__}"
        if self._wrong:
            return f"{self.operator} is wrong in {self._wrong} of {self.expected.size} elements"
        return f"{self.operator} touches memory that it may not"

    def _facts(self) -> Iterator[str]:
        if self.outcome.error is not None:
            yield from _entry("raised", [error_in_words(self.outcome.error)])
        elif self._wrong:
            where = np.argwhere(self.expected != self.outcome.output)[0]
            first = tuple(int(index) for index in where)
            expected, got = self.expected.astype(int), self.outcome.output.astype(int)
            yield from _entry("first wrong", [f"output[{', '.join(map(str, first))}]"])
            yield from _entry("expected", [str(expected[first])])
            yield from _entry("got", [str(got[first])])
            differences = f"{self._wrong} of {self.expected.size}, by at most {np.abs(expected - got).max()}"
            yield from _entry("wrong elements", [", ".join((differences, *self._where()))])
        if self.outcome.damage:
            yield from _entry("memory", list(self.outcome.damage))

    def _where(self) -> list[str]:
        found = list(places(self.expected, self.outcome.output))
        return [f"all in {' and '.join(found)}"] if found else []

    def _diagnosis(self) -> list[str]:
        found = list(self.notes)
        if isinstance(self.outcome.error, KernelError):
            found.append("refused: if that is meant, a KnownException for such calls says so, and why")
        unwritten = self.outcome.output == self.outcome.unwritten
        if self.outcome.error is None and self._wrong and unwritten[self.expected != self.outcome.output].all():
            found.append("never written: the wrong elements hold what the output held before the call")
        elif self.outcome.error is None and self._wrong:
            found += self._mistakes()
        evidence = self.evidence
        wrong = [*(seen.params for seen in evidence.wrong), *evidence.refused]
        common = circumstances(wrong, [seen.params for seen in evidence.right])
        if common:
            found.append(
                f"all {len(wrong)} bad calls seen, and none of the {len(evidence.right)} good ones, "
                f"have {' and '.join(common)}"
            )
        if not found and self._wrong and self.outcome.error is None and not self.outcome.damage:
            found.append("none of the mistakes that this suite knows")
        return found

    def _mistakes(self) -> list[str]:
        wrong, right = self.evidence.wrong, self.evidence.right
        here = Seen(self.params, self.expected, self.outcome.output)
        return [
            f"{one.name} (explains {one.wrong} of {len(wrong)} wrong calls and {one.right} of {len(right)} right ones)"
            for one in likely_mistakes(self.operator, here, [*wrong, *right])
        ]


def _entry(name: str, values: Sequence[str]) -> list[str]:
    heads = [f"  {name}".ljust(_INDENT), *[" " * _INDENT] * len(values)]
    return [head + value for head, value in zip(heads, values, strict=False)]


def _attributes(params: Any) -> Iterator[str]:
    operands = {operand.name for operand in params.OPERANDS} | {"scratch", "cache"}
    names = [one.name for one in dataclasses.fields(params) if one.name not in operands]
    width = max(map(len, names))
    for name in names:
        yield f"{name.ljust(width)}  {_value(getattr(params, name))}"


def _contents(params: Any) -> Iterator[str]:
    for operand in params.OPERANDS:
        array = getattr(params, operand.name)
        if operand.name == "output":
            continue
        yield f"{operand.name} {'none' if array is None else _value(array)}"


def _value(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, np.ndarray):
        flat = [str(element) for element in value.ravel()[:_SHOWN].tolist()]
        more = f", ... ({value.size} elements)" if value.size > _SHOWN else ""
        return f"[{', '.join(flat)}{more}]"
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
