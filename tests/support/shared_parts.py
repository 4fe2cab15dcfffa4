"""Models in as few bytes as the format allows: whatever is alike is stored once, and referred to."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ember_infer_macros.tflite.schema import BuiltinOperator, TensorType
from tests.support.flat_file import FlatFile, Int, Ref

__all__ = ["Options", "SharedModel", "Subgraph"]

# The number of the options' table in the schema, and its fields by their slots.
Options: TypeAlias = tuple[int, Mapping[int, Int | Ref]]

SCHEMA_VERSION = 3


class Subgraph:
    """Tensors and operators of one graph of a model."""

    def __init__(self, model: SharedModel) -> None:
        self.model = model
        self.tensors: list[Ref] = []
        self.operators: list[Ref] = []

    def tensor(
        self,
        shape: Sequence[int] = (1, 2),
        type: TensorType = TensorType.INT8,
        *,
        name: str = "",
        scale: float | None = 1.0,
        data: npt.ArrayLike | None = None,
        is_variable: bool = False,
    ) -> int:
        """Adds a tensor; the number it has."""
        model = self.model
        fields: dict[int, Int | Ref] = {0: model.shared_numbers(shape), 1: Int(type)}
        if data is not None:
            fields[2] = Int(model.buffer(np.asarray(data).tobytes()))
        if name:
            fields[3] = model.shared_string(name)
        if scale is not None:
            fields[4] = model.quantization(scale)
        if is_variable:
            fields[5] = Int(1)
        self.tensors.append(model.shared_table(fields))
        return len(self.tensors) - 1

    def operator(
        self,
        code: BuiltinOperator,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: Options | None = None,
        *,
        custom: str | None = None,
    ) -> None:
        """Adds an operator."""
        model = self.model
        fields: dict[int, Int | Ref] = {0: Int(model.code(code, custom))}
        fields[1], fields[2] = model.shared_numbers(inputs), model.shared_numbers(outputs)
        if options is not None:
            fields[3], fields[4] = Int(options[0]), model.shared_table(options[1])
        self.operators.append(model.shared_table(fields))

    def table(self, inputs: Sequence[int], outputs: Sequence[int]) -> Ref:
        file, model = self.model.file, self.model
        fields = {0: file.references(self.tensors), 1: model.shared_numbers(inputs), 2: model.shared_numbers(outputs)}
        return file.table({**fields, 3: file.references(self.operators)})


class SharedModel(Subgraph):
    """A model whose equal parts are one; it is its own main subgraph."""

    def __init__(self) -> None:
        super().__init__(self)
        self.file = FlatFile()
        self.others: list[tuple[Subgraph, Sequence[int], Sequence[int]]] = []
        self._shared: dict[Hashable, Ref] = {}
        self._codes: dict[tuple[BuiltinOperator, str | None], int] = {}
        self._buffers: dict[bytes, int] = {b"": 0}

    def subgraph(self, inputs: Sequence[int] = (), outputs: Sequence[int] = ()) -> tuple[Subgraph, int]:
        """A further subgraph, and its number."""
        other = Subgraph(self)
        self.others.append((other, inputs, outputs))
        return other, len(self.others)

    def code(self, code: BuiltinOperator, custom: str | None) -> int:
        return self._codes.setdefault((code, custom), len(self._codes))

    def buffer(self, content: bytes) -> int:
        return self._buffers.setdefault(content, len(self._buffers))

    def shared_numbers(self, values: Sequence[int]) -> Ref:
        key = ("numbers", tuple(values))
        if key not in self._shared:
            self._shared[key] = self.file.numbers(values)
        return self._shared[key]

    def shared_string(self, text: str) -> Ref:
        if text not in self._shared:
            self._shared[text] = self.file.string(text)
        return self._shared[text]

    def shared_table(self, fields: Mapping[int, Int | Ref]) -> Ref:
        key = tuple(sorted(fields.items(), key=lambda item: item[0]))
        if key not in self._shared:
            self._shared[key] = self.file.table(fields)
        return self._shared[key]

    def quantization(self, scale: float) -> Ref:
        key = ("quantization", scale)
        if key not in self._shared:
            scales, zero_points = self.file.numbers([scale], "<f4"), self.file.numbers([0], "<i8")
            self._shared[key] = self.file.table({2: scales, 3: zero_points})
        return self._shared[key]

    def finish(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """The file's bytes; nothing may be added after."""
        file = self.file
        subgraphs = [self.table(inputs, outputs), *(other.table(*ends) for other, *ends in self.others)]
        codes = [self._code_table(code, custom) for code, custom in self._codes]
        buffers = [file.table({0: file.content(content)} if content else {}) for content in self._buffers]
        fields = {1: file.references(codes), 2: file.references(subgraphs), 4: file.references(buffers)}
        return file.finish(file.table({0: Int(SCHEMA_VERSION), **fields}))

    def _code_table(self, code: BuiltinOperator, custom: str | None) -> Ref:
        fields: dict[int, Int | Ref] = {0: Int(min(code, 127)), 3: Int(code)}
        if custom is not None:
            fields[1] = self.file.string(custom)
        return self.file.table(fields)
