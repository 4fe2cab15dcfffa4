"""A model, lowered: what backends compile and tools look at."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from ember_infer_core.memory import ArenaPlan, Lifetime, plan_arena
from ember_infer_core.notebook import html_table, shown_shapes
from ember_infer_core.ops.common import element_count
from ember_infer_core.pictures import Block, arena_picture
from ember_infer_core.quantization import AnyQuantParam
from ember_infer_core.slots import AnyArray, OperatorParams, Role, Shape, slots

if TYPE_CHECKING:
    from ember_infer_core.slots import AsksForScratch

__all__ = ["Call", "Program", "Tensor", "Variable"]

# Of a picture in a notebook, whose file keeps it; of published models there are fewer.
_SHOWN_BLOCKS = 250


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A typed tensor of a program.

    Attributes:
        name: as the model file has it.
        shape: sizes, outermost first.
        dtype: of its elements.
        quant: its quantisation, if it has one.
        data: the read-only content of a constant; None for an activation.
        alias_of: index of the tensor whose memory this one shares under another shape (RESHAPE), or None.
    """

    name: str
    shape: Shape
    dtype: np.dtype[np.generic]
    quant: AnyQuantParam | None = None
    data: npt.NDArray[np.generic] | None = None
    alias_of: int | None = None

    @property
    def size(self) -> int:
        """Bytes of its elements."""
        return element_count(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One operator call: ``backend.<method>(params)`` with the operands bound.

    Attributes:
        name: a Python identifier for the layer, unique in its program.
        method: name of the method of :class:`KernelBackend`.
        operator: index of the operator in the model file.
        params: attributes and ready fixed-point values; its buffers are not bound.
        operands: index of the tensor for each slot of ``params``; optional ones that are absent are left out.
    """

    name: str
    method: str
    operator: int
    params: OperatorParams
    operands: Mapping[str, int]

    def tensors(self, *roles: Role) -> Iterator[int]:
        """Indices of the tensors that the kernel meets in one of these roles."""
        for slot in slots(self.params):
            if slot.role in roles and slot.name in self.operands:
                yield self.operands[slot.name]


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """State: a tensor that keeps its content from one run to the next.

    Attributes:
        tensor: its index. Its memory is no part of the arena.
        initial: the content, read-only, that the first run finds.
        default: the content, read-only, that a reset sets. It is another one where the model initialises the variable
            (CALL_ONCE), which TFLM does in the first run alone.
    """

    tensor: int
    initial: AnyArray
    default: AnyArray


@dataclass(frozen=True, eq=False, repr=False)
class Program:
    """A checked, immutable model: tensors, calls in order, and where the activations live. It can be pickled.

    Attributes:
        name: short name, from the file's.
        tensors: all tensors; ``calls`` and the tuples below hold indices into it.
        inputs, outputs: the model's own, in order.
        calls: operator calls, in the order of execution.
        variables: what runs leave for the next one; empty for a model whose answer depends on its inputs alone.
    """

    name: str
    tensors: tuple[Tensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    calls: tuple[Call, ...]
    variables: tuple[Variable, ...] = ()

    @functools.cached_property
    def kept(self) -> frozenset[int]:
        """Indices of the tensors that are variables."""
        return frozenset(variable.tensor for variable in self.variables)

    def storage(self, index: int) -> int:
        """Index of the tensor whose memory this one uses: itself, unless it is an alias."""
        return self._storage[index]

    @functools.cached_property
    def _storage(self) -> tuple[int, ...]:
        """:meth:`storage` of every tensor, in time that does not grow with the length of chains of aliases."""
        found: dict[int, int] = {}
        for index in range(len(self.tensors)):
            chain, at = [], index
            while at not in found and (alias_of := self.tensors[at].alias_of) is not None:
                chain.append(at)
                at = alias_of
            root = found.setdefault(at, at)
            found.update(dict.fromkeys(chain, root))
        return tuple(found[index] for index in range(len(self.tensors)))

    @functools.cached_property
    def lifetimes(self) -> Mapping[int, Lifetime]:
        """For each activation with memory of its own, the calls during which it is in use.

        A model input is in use from the start, an output until the end; both ends of a call's lifetime include the call
        that writes and the last one that reads. Where a run may end early, outputs keep the last answer: they are in
        use all the time.
        """
        first: dict[int, int] = {}
        last: dict[int, int] = {}

        def use(index: int, step: int) -> None:
            root = self.storage(index)
            if self.tensors[root].data is None and root not in self.kept:
                first.setdefault(root, step)
                last[root] = step

        for index in (*self.inputs, *(self.outputs if self.ends_early else ())):
            use(index, 0)
        for step, call in enumerate(self.calls):
            for index in call.tensors(Role.INPUT, Role.OUTPUT):
                use(index, step)
        for index in self.outputs:
            use(index, max(len(self.calls) - 1, 0))
        return {root: Lifetime(self.tensors[root].size, first[root], last[root]) for root in first}

    @functools.cached_property
    def arena(self) -> ArenaPlan:
        """Where each activation of :attr:`lifetimes` (in its order) lives."""
        return plan_arena(tuple(self.lifetimes.values()))

    @functools.cached_property
    def offsets(self) -> Mapping[int, int]:
        """Byte offset in the arena of every activation, aliases included."""
        own = dict(zip(self.lifetimes, self.arena.offsets, strict=True))
        return {index: own[self.storage(index)] for index in range(len(self.tensors)) if self.storage(index) in own}

    @functools.cached_property
    def ends_early(self) -> bool:
        """Whether there are runs, the first among them, that end before the outputs are computed."""
        return any(call.params.ending is not None for call in self.calls)

    @property
    def arena_len(self) -> int:
        """Bytes of activations after planning."""
        return self.arena.length

    @property
    def state_len(self) -> int:
        """Bytes of all variables."""
        return sum(self.tensors[variable.tensor].size for variable in self.variables)

    def scratch_len(self, backend: type[AsksForScratch]) -> int:
        """Bytes of scratch that suffice for every call on this backend class: the largest that one call asks for."""
        return max((backend.scratch_size(call.params) for call in self.calls), default=0)

    @override
    def __repr__(self) -> str:
        state = f", {self.state_len:,} bytes of state" if self.variables else ""
        count = f"{len(self.calls)} operator call{'' if len(self.calls) == 1 else 's'}"
        ends = f"{self._shapes(self.inputs)} -> {self._shapes(self.outputs)}"
        return f"<Program {self.name}: {ends}, {count}, {self.arena_len:,} bytes of arena{state}>"

    def _repr_html_(self) -> str:
        """For notebooks: the calls in order, and the arena over time."""
        rows = (
            (
                str(call.operator),
                call.name,
                call.method,
                self._shapes(tuple(call.tensors(Role.INPUT))),
                self._shapes(tuple(call.tensors(Role.OUTPUT))),
            )
            for call in self.calls
        )
        headings = ("#", "layer", "operator", "inputs", "outputs")
        return html_table(repr(self)[1:-1], headings, rows, len(self.calls)) + self._arena_picture()

    def _arena_picture(self) -> str:
        """As the report of the tools has it."""
        writers = {self.storage(index): call for call in self.calls for index in call.tensors(Role.OUTPUT)}
        blocks = [
            Block(
                name=self.tensors[root].name,
                offset=self.offsets[root],
                size=lifetime.size,
                first=lifetime.first,
                last=lifetime.last,
                operator=writers[root].operator if root in writers else None,
            )
            for root, lifetime in self.lifetimes.items()
        ]
        operators = [call.operator for call in self.calls]
        return arena_picture(blocks, len(self.calls), self.arena_len, operators, _SHOWN_BLOCKS) if blocks else ""

    def _shapes(self, indices: tuple[int, ...]) -> str:
        return shown_shapes([self.tensors[index].shape for index in indices])

    @override
    def __reduce__(self) -> tuple[Callable[..., Program], tuple[Any, ...]]:
        """By its fields: what is kept beside them is made again where it is needed."""
        return _restored, tuple(getattr(self, field.name) for field in fields(self))


def _restored(*values: Any) -> Program:
    """A pickled program; its arrays, which pickle gives back writable, are read-only again."""
    program = Program(*values)
    for array in _arrays((program.tensors, program.variables, tuple(call.params for call in program.calls))):
        array.flags.writeable = False
    return program


def _arrays(value: Any) -> Iterator[AnyArray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _arrays(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _arrays(getattr(value, field.name))
