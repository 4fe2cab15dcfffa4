"""Random programs over few variables: reads, assignments, and what is computed between them, in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ember_infer_tools.tflite_writer import ModelWriter

__all__ = ["VariableModel", "variable_models"]

# All of six elements, so that whatever is computed can be assigned to any variable.
SHAPES = ((6,), (2, 3), (1, 6), (1, 2, 3, 1))
SCALE = 0.5


@dataclass(frozen=True, slots=True)
class VariableModel:
    """A drawn model.

    Attributes:
        model: content of the file.
        seed: of its inputs.
        resets: before which runs everything is forgotten.
        listing: its operators, a line for each.
    """

    model: bytes
    seed: int
    resets: frozenset[int]
    listing: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join((f"VariableModel, seed {self.seed}, resets before {sorted(self.resets)}:", *self.listing))


class _Drawer:
    """Draws one program, operator by operator."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.writer = ModelWriter()
        self.dtype: str = draw(st.sampled_from(("int8", "int8", "int8", "int32")))
        self.variables = range(draw(st.integers(1, 3)))
        self.handles: dict[int, int] = {}
        self.read: set[int] = set()
        self.assigned: set[int] = set()
        self.shapes: dict[int, tuple[int, ...]] = {}  # of the tensors of six elements
        self.zero_points: dict[int, int] = {}  # likewise
        self.computed: list[int] = []  # tensors that may be outputs
        self.listing: list[str] = []

    def tensor(self, writer: ModelWriter, shape: Sequence[int], zero_point: int, **more: Any) -> int:
        """Of the program's type; int32 is not quantised."""
        if self.dtype == "int8":
            more |= {"scale": SCALE, "zero_point": zero_point}
        return writer.tensor(f"t{len(self.shapes)}_{len(self.listing)}", shape, self.dtype, **more)

    def six(self, shape: tuple[int, ...] | None = None, **more: Any) -> int:
        """A new tensor of six elements."""
        shape = self.draw(st.sampled_from(SHAPES)) if shape is None else shape
        zero_point = self.draw(st.sampled_from((0, 0, -128, 5, 127)))
        index = self.tensor(self.writer, shape, zero_point, **more)
        self.shapes[index], self.zero_points[index] = shape, zero_point
        self.computed.append(index)
        return index

    def any(self) -> int:
        """One of the tensors of six elements, more often a late one."""
        known = list(self.shapes)
        first, second = (self.draw(st.integers(0, len(known) - 1)) for _ in range(2))
        late: int = max(first, second)
        return known[late]

    def content(self) -> Any:
        return np.random.default_rng(self.draw(st.integers(0, 99))).integers(-100, 100, 6).astype(self.dtype)

    def operator(self, name: str, inputs: Sequence[int], outputs: Sequence[int], **options: Any) -> None:
        self.writer.operator(name, inputs, outputs, **options)
        self.listing.append(f"  {name} {list(inputs)} -> {list(outputs)} {options or ''}")

    def handle(self, variable: int) -> int:
        """Its handle; sometimes another one than before."""
        if variable not in self.handles or self.draw(st.integers(0, 4)) == 0:
            self.handles[variable] = self.writer.tensor(f"handle{variable}", (), "resource")
            self.operator("VAR_HANDLE", [], [self.handles[variable]], shared_name=f"v{variable}")
        return self.handles[variable]

    # Operators

    def read_variable(self) -> None:
        variable = self.draw(st.sampled_from(self.variables))
        self.read.add(variable)
        handle = self.handle(variable)
        self.operator("READ_VARIABLE", [handle], [self.six()])

    def assign_variable(self) -> None:
        self.assign(self.draw(st.sampled_from(self.variables)))

    def assign(self, variable: int) -> None:
        self.assigned.add(variable)
        self.operator("ASSIGN_VARIABLE", [self.handle(variable), self.any()], [])

    def add(self) -> None:
        first = self.any()
        alike = [index for index, shape in self.shapes.items() if shape == self.shapes[first]]
        second = self.draw(st.sampled_from(alike))
        self.operator("ADD", [first, second], [self.six(self.shapes[first])])

    def reshape(self) -> None:
        source, target = self.any(), self.six()
        self.operator("RESHAPE", [source], [target], new_shape=list(self.shapes[target]))

    def shift(self) -> None:
        """What a streaming model does: new elements behind the old ones, of which the last are kept."""
        flat = [index for index, shape in self.shapes.items() if shape == (6,)]
        if not flat:
            return
        first = self.draw(st.sampled_from(flat))
        zero_point = self.zero_points[first]
        second = self.draw(st.sampled_from([index for index in flat if self.zero_points[index] == zero_point]))
        both = self.tensor(self.writer, (12,), zero_point)
        self.computed.append(both)
        self.operator("CONCATENATION", [first, second], [both], axis=0)
        begin = self.draw(st.integers(0, 6))
        limits = [self.writer.tensor("", (1,), "int32", data=np.array([at], np.int32)) for at in (begin, begin + 6, 1)]
        self.operator("STRIDED_SLICE", [both, *limits], [self.six((6,))])

    def reverse(self) -> None:
        """Which no kernel could do in one piece of memory."""
        source = self.any()
        axis = self.writer.tensor("", (1,), "int32", data=np.array([len(self.shapes[source]) - 1], np.int32))
        self.operator("REVERSE_V2", [source, axis], [self.six(self.shapes[source])])

    def initialise(self) -> None:
        """CALL_ONCE, of a subgraph that assigns constants to some variables."""
        part = self.writer.subgraph()
        chosen = sorted(self.draw(st.sets(st.sampled_from(self.variables), min_size=1)))
        for variable in chosen:
            handle = part.tensor("", (), "resource")
            part.operator("VAR_HANDLE", [], [handle], shared_name=f"v{variable}")
            part.operator("ASSIGN_VARIABLE", [handle, self.tensor(part, (6,), 5, data=self.content())], [])
        self.operator("CALL_ONCE", [], [], init_subgraph_index=part.number)
        self.listing[-1] += f", which assigns {chosen}"
        self.assigned.update(chosen)

    def model(self) -> bytes:
        input = self.six()
        if self.draw(st.integers(0, 2)) == 0:
            self.six(data=self.content())
        if self.draw(st.integers(0, 3)) == 0:
            self.six(is_variable=True)
        if self.draw(st.integers(0, 2)) == 0:
            self.initialise()
        steps = [self.read_variable, self.assign_variable, self.add, self.reshape, self.reverse, self.shift]
        for step in self.draw(st.lists(st.sampled_from(steps), min_size=2, max_size=14)):
            step()
        for variable in sorted(self.read - self.assigned):  # or nobody has defined what is read
            self.assign(variable)
        kept = self.draw(
            st.lists(st.sampled_from(self.computed[1:] or self.computed), min_size=1, max_size=3, unique=True)
        )
        self.listing.append(f"  input {input}, outputs {kept}")
        return self.writer.finish([input], kept)


@st.composite
def variable_models(draw: st.DrawFn, runs: int) -> VariableModel:
    """Models with resets somewhere in so many runs."""
    drawer = _Drawer(draw)
    model = drawer.model()
    resets = draw(st.frozensets(st.integers(0, runs - 1), max_size=2))
    return VariableModel(model, draw(st.integers(0, 2**32 - 1)), resets, tuple(drawer.listing))
