"""Findings in words that a person can act on."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from ember_infer_core.conformance.calls import Outcome, error_in_words
from ember_infer_core.conformance.circumstances import circumstances
from ember_infer_core.conformance.diagnosis import Seen, likely_mistakes, places
from ember_infer_core.conformance.expected import Expected, ulp_distance
from ember_infer_core.errors import KernelError
from ember_infer_core.slots import AnyArray, content, slots

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

    def add(self, params: Any, expected: Expected, outcome: Outcome) -> None:
        """Keeps a call whose inputs are bound."""
        if outcome.error is not None:
            self.refused.append(params)
            return
        seen = Seen(params, expected, outcome.outputs)
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
        expected: Expected,
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

    @override
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
    def _wrong(self) -> dict[str, npt.NDArray[np.bool_]]:
        """Which elements are wrong, of the outputs that have wrong ones."""
        return {name: wrong for name, wrong in self.expected.wrong(self.outcome.outputs).items() if wrong.any()}

    def _headline(self) -> str:
        if self.outcome.error is not None:
            return f"{self.operator} raised {type(self.outcome.error).__name__}"
        if self._wrong:
            return f"{self.operator} is wrong in {self._count()} elements"
        return f"{self.operator} touches memory that it may not"

    def _count(self) -> str:
        wrong = sum(int(np.count_nonzero(one)) for one in self._wrong.values())
        return f"{wrong} of {sum(array.size for array in self.expected.outputs.values())}"

    def _facts(self) -> Iterator[str]:
        if self.outcome.error is not None:
            yield from _entry("raised", [error_in_words(self.outcome.error)])
        elif self._wrong:
            name, wrong = next(iter(self._wrong.items()))
            expected, got = self.expected.outputs[name], self.outcome.outputs[name]
            first = tuple(int(index) for index in np.argwhere(wrong)[0])
            yield from _entry("first wrong", [f"{name}[{', '.join(map(str, first))}]"])
            yield from _entry("expected", [str(expected[first])])
            yield from _entry("got", [str(got[first])])
            yield from _entry("wrong elements", [", ".join((self._count(), *self._differences()))])
        if self.outcome.damage:
            yield from _entry("memory", list(self.outcome.damage))

    def _differences(self) -> Iterator[str]:
        """How far off, and where."""
        wrong = self._wrong
        largest = [_largest(self.expected.outputs[name], self.outcome.outputs[name], wrong[name]) for name in wrong]
        yield from (f"by at most {one}" for one in largest[:1] if one)
        where = list(places(next(iter(wrong.values()))))
        if len(self.expected.outputs) > 1:
            yield f"in {' and '.join(wrong)}"
        elif where:
            yield f"all in {' and '.join(where)}"

    def _diagnosis(self) -> list[str]:
        found = list(self.notes)
        if isinstance(self.outcome.error, KernelError):
            found.append("refused: if that is meant, a KnownException for such calls says so, and why")
        if self.outcome.error is None and self._wrong and self._never_written():
            found.append(
                f"never written: the wrong elements hold what the {' and '.join(self._wrong)} held before the call"
            )
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

    def _never_written(self) -> bool:
        written = Expected(self.outcome.unwritten).wrong(self.outcome.outputs)
        return not any(written[name][wrong].any() for name, wrong in self._wrong.items())

    def _mistakes(self) -> list[str]:
        wrong, right = self.evidence.wrong, self.evidence.right
        here = Seen(self.params, self.expected, self.outcome.outputs)
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
    for slot in slots(params):
        if slot.role.is_read:
            array = content(params, slot)
            yield f"{slot.name} {'none' if array is None else _value(array)}"


def _largest(expected: AnyArray, got: AnyArray, wrong: npt.NDArray[np.bool_]) -> str:
    """The largest difference, where the type has one."""
    expected, got = expected[wrong], got[wrong]
    if expected.dtype.kind in "iu":
        return str(np.abs(expected.astype(np.int64) - got.astype(np.int64)).max())
    if expected.dtype.kind == "f" and np.isfinite(expected).all() and np.isfinite(got).all():
        apart = np.abs(expected.astype(np.float64) - got.astype(np.float64)).max()
        return f"{apart:.3g} ({ulp_distance(expected, got).max()} ulp)"
    return ""


def _value(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, np.ndarray):
        flat = [str(element) for element in value.ravel()[:_SHOWN].tolist()]
        more = f", ... ({value.size} elements)" if value.size > _SHOWN else ""
        return f"[{', '.join(flat)}{more}]"
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."
