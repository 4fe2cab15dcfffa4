"""Samples on their way to whoever runs them: a piece says where some lie, a block holds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from typing_extensions import override

from ember_infer_core.slots import AnyArray

__all__ = ["Bad", "Block", "Piece", "Source", "Unreadable", "Values"]

# A value for each sample.
Values: TypeAlias = Sequence[Any] | AnyArray


@dataclass(frozen=True, slots=True)
class Unreadable:
    """In place of a sample that could not be read."""

    reason: str


@dataclass(frozen=True, slots=True)
class Bad:
    """A sample that cannot be evaluated.

    Attributes:
        sample: its number.
        name: its file, where it has one.
        reason: what is wrong with it.
    """

    sample: int
    name: str
    reason: str

    @override
    def __str__(self) -> str:
        name = f" ({self.name})" if self.name else ""
        return f"sample {self.sample}{name}: {self.reason}"


class Piece(Protocol):
    """Some consecutive samples: small where it is a place in a file, so that it can be sent to another process."""

    @property
    def first(self) -> int:
        """Number of the first sample."""
        ...

    def load(self) -> Block:
        """The samples themselves."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Consecutive samples in memory.

    Attributes:
        first: number of the first one.
        inputs: for each input of the model a value for each sample: one array, or a sequence of values.
        labels: for each sample; None where there are none.
        names: of each sample's file; empty where samples are no files.
        numbers: of each sample; empty where none has been left out.
    """

    first: int
    inputs: tuple[Values, ...]
    labels: Values | None = None
    names: Sequence[str] = ()
    numbers: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.inputs[0])

    def load(self) -> Block:
        """Itself: a block is a piece that is there already."""
        return self

    def name(self, place: int) -> str:
        """Of the file of a sample, counted from the first of the block."""
        return self.names[place] if self.names else ""

    def number(self, place: int) -> int:
        """Of a sample, counted from the first of the block."""
        return self.numbers[place] if self.numbers else self.first + place

    def bad(self, place: int, reason: str) -> Bad:
        """What is wrong with a sample, counted from the first of the block."""
        return Bad(self.number(place), self.name(place), " ".join(reason.split()))


class Source(Protocol):
    """Where samples come from."""

    @property
    def count(self) -> int | None:
        """How many samples there are; None where nobody knows before the end."""
        ...

    @property
    def identity(self) -> str:
        """What tells these samples from others, so that nobody goes on with another evaluation's figures."""
        ...

    @property
    def labelled(self) -> bool:
        """Whether samples come with labels."""
        ...

    def pieces(self, size: int) -> Iterator[Piece]:
        """All samples in their order, ``size`` in each piece but for the last."""
        ...
