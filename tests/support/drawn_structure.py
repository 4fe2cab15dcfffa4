"""Random structure: tiny files that share, repeat, chain and list as no converter does, most of them nearly models."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np

from ember_infer_macros.operators import CUSTOM_LOWERINGS, LOWERINGS
from ember_infer_macros.tflite.schema import BuiltinOperator as Op
from ember_infer_macros.tflite.schema import TensorType
from tests.support.flat_file import Int
from tests.support.shared_parts import Options, SharedModel, Subgraph

__all__ = ["drawn_structure"]

NAMES = ("", "a", "a_2", "a/b/c;d/e", "class", "1", "\0", "ä" * 300, "n" * 5000, "a/" * 2000, '"""', "\\", "\x1b[31m")
SHAPES = ((1, 2), (1, 2), (1, 2), (2,), (), (1, 1), (2, 1), (1, 2, 2, 1), (0,), (-1, 2), (1 << 15, 1 << 15), (1,) * 9)
TYPES = (*[TensorType.INT8] * 6, TensorType.INT32, TensorType.FLOAT32, TensorType.INT64, TensorType.RESOURCE)
NASTY = (0, 1, 2, 3, 5, 77, 0x7FFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

# Operators of tensors [1, 2] of int8, their number of inputs, and their options.
SIMPLE: Sequence[tuple[Op, int, Options | None]] = (
    (Op.ADD, 2, (11, {0: Int(0)})),
    (Op.MUL, 2, (21, {0: Int(0)})),
    (Op.RESHAPE, 1, None),
    (Op.RELU, 1, None),
    (Op.MAXIMUM, 2, None),
    (Op.SOFTMAX, 1, (9, {0: Int(0x3F800000)})),
    (Op.ABS, 1, None),
    (Op.ADD_N, 3, None),
    (Op.ZEROS_LIKE, 1, None),
)


class _Drawing:
    """Draws one graph: mostly operators that fit, now and then anything."""

    def __init__(self, graph: Subgraph, source: random.Random, wild: float) -> None:
        self.graph = graph
        self.source = source
        self.wild = wild
        self.written: list[int] = []
        self.handles: list[int] = []

    def tensor(self) -> int:
        source = self.source
        if source.random() >= self.wild:
            return self.graph.tensor(name=source.choice(NAMES[:4]))
        data = np.full(source.choice((1, 2, 2, 3, 8)), source.choice((0, 1, 255)), np.uint8)
        return self.graph.tensor(
            source.choice(SHAPES),
            source.choice(TYPES),
            name=source.choice(NAMES),
            scale=source.choice((None, 0.5, 0.0, -1.0, float("nan"))),
            data=data if source.random() < 0.3 else None,
            is_variable=source.random() < 0.1,
        )

    def operand(self) -> int:
        if self.written and self.source.random() >= self.wild:
            return self.source.choice(self.written)
        return self.source.randrange(-1, len(self.graph.tensors) + (self.source.random() < 0.02))

    def simple(self) -> None:
        code, count, options = self.source.choice(SIMPLE)
        inputs = [self.operand() for _ in range(count)]
        output = self.tensor()
        self.graph.operator(code, inputs, [output], options)
        self.written.append(output)

    def dense(self) -> None:
        weights = self.graph.tensor((2, 2), data=np.ones(4, np.int8))
        output = self.tensor()
        self.graph.operator(Op.FULLY_CONNECTED, [self.operand(), weights], [output], (8, {0: Int(0)}))
        self.written.append(output)

    def chain(self) -> None:
        for _ in range(self.source.choice((2, 5, 30))):
            output = self.graph.tensor()
            self.graph.operator(Op.RESHAPE, [self.operand()], [output])
            self.written.append(output)

    def wide(self) -> None:
        count = self.source.choice((0, 1, 2, 10, 11, 200))
        output = self.graph.tensor((1, 2 * count))
        self.graph.operator(Op.CONCATENATION, [self.operand()] * count, [output], (10, {0: Int(1)}))

    def split(self) -> None:
        count = self.source.choice((0, 1, 2, 100))
        axis = self.graph.tensor((), TensorType.INT32, data=np.int32(1))
        outputs = [self.graph.tensor((1, 1)) for _ in range(count)]
        self.graph.operator(Op.SPLIT, [axis, self.operand()], outputs, (35, {0: Int(count)}))

    def variable(self) -> None:
        handle = self.graph.tensor((), TensorType.RESOURCE, scale=None)
        name = self.graph.model.shared_string(self.source.choice(NAMES))
        self.graph.operator(Op.VAR_HANDLE, [], [handle], (111, {1: name}))
        self.handles.append(handle)
        for _ in range(self.source.choice((1, 1, 3))):
            known = self.source.choice(self.handles)
            if self.source.random() < 0.5:
                self.graph.operator(Op.ASSIGN_VARIABLE, [known, self.operand()], [])
            else:
                output = self.tensor()
                self.graph.operator(Op.READ_VARIABLE, [known], [output])
                self.written.append(output)

    def anything(self) -> None:
        source = self.source
        code = source.choice((*LOWERINGS, *Op))
        inputs = [self.operand() for _ in range(source.choice((0, 1, 1, 2, 2, 3, 4, 50)))]
        outputs = [source.choice((self.tensor, self.operand))() for _ in range(source.choice((0, 1, 1, 1, 2)))]
        fields = {slot: Int(source.choice(NASTY)) for slot in range(source.choice((0, 1, 4, 8)))}
        options = (source.randrange(115), fields) if source.random() < 0.7 else None
        custom = source.choice((*NAMES, *CUSTOM_LOWERINGS)) if code is Op.CUSTOM else None
        self.graph.operator(code, inputs, outputs, options, custom=custom)

    def repeat(self) -> None:
        """The same operators once more, written to the same tensors: in a program of variables that may be right."""
        start = self.source.randrange(len(self.graph.operators) + 1)
        self.graph.operators += self.graph.operators[start:] * self.source.choice((1, 3))

    def draw(self) -> None:
        steps: list[Callable[[], None]] = [self.simple, self.simple, self.dense, self.chain, self.split, self.variable]
        unlikely = [self.wide, self.anything, self.repeat]
        for _ in range(self.source.choice((0, 1, 2, 4, 8))):
            self.source.choice(unlikely if self.source.random() < self.wild else steps)()


def drawn_structure(source: random.Random) -> bytes:
    """A file of a few hundred bytes to a few thousand."""
    model = SharedModel()
    main = _Drawing(model, source, source.choice((0.0, 0.02, 0.2)))
    inputs = [main.tensor() for _ in range(source.choice((0, 1, 1, 1, 2, 40)))]
    main.written += inputs
    if source.random() < 0.1:
        _called(model, source, main)
    main.draw()
    outputs = [main.operand() for _ in range(source.choice((1, 1, 1, 2, 60)))]
    if source.random() < 0.1:
        inputs *= 2
    return model.finish(inputs, outputs)


def _called(model: SharedModel, source: random.Random, main: _Drawing) -> None:
    other, number = model.subgraph()
    start = _Drawing(other, source, main.wild)
    start.written.append(other.tensor(data=np.ones(2, np.int8)))
    start.variable()
    start.draw()
    for _ in range(source.choice((1, 1, 2))):
        model.operator(Op.CALL_ONCE, [], [], (103, {0: Int(number)}))
