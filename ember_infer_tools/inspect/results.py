"""What :func:`ember_infer_tools.inspect.inspect_model` finds out, as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ember_infer_tools.inspect.findings import Finding

if TYPE_CHECKING:
    from ember_infer_core.slots import Shape

__all__ = [
    "ArenaBlock",
    "ArenaReport",
    "BackendReport",
    "ContentReport",
    "ModelReport",
    "OperatorReport",
    "PortReport",
    "QuantReport",
    "TensorReport",
    "VariableReport",
    "to_json",
]


@dataclass(frozen=True, slots=True)
class QuantReport:
    """Quantisation of a tensor: ``real = scale * (q - zero_point)``.

    Attributes:
        channels: number of scales; 1 for a tensor with one.
        scale_min, scale_max: the least and the greatest scale.
        zero_point_min, zero_point_max: the same of the zero points.
        dimension: the axis of the channels; None where there is one scale.
    """

    channels: int
    scale_min: float
    scale_max: float
    zero_point_min: int
    zero_point_max: int
    dimension: int | None


@dataclass(frozen=True, slots=True)
class TensorReport:
    """A tensor of the file.

    Attributes:
        index, name, shape: as in the file.
        type: element type, such as ``int8``.
        bytes: of its elements; None where the type has no fixed size.
        constant: whether the file holds its content.
        quant: None where the file gives no scale.
        variable: whether it keeps its content from one run to the next.
    """

    index: int
    name: str
    shape: Shape
    type: str
    bytes: int | None
    constant: bool
    quant: QuantReport | None
    variable: bool = False


@dataclass(frozen=True, slots=True)
class PortReport:
    """An input or output of the model: its tensor, and the real values that its least and greatest number stand for."""

    tensor: int
    real_min: float | None
    real_max: float | None


@dataclass(frozen=True, slots=True)
class OperatorReport:
    """An operator of the file.

    Attributes:
        index, operator: number and name in the file.
        layer: a Python identifier for it; that of the program's call where the model is supported.
        inputs, outputs: tensor numbers; -1 for an optional input that is left out.
        method: of ``KernelBackend``; None where the project does not run the operator, or has nothing left to run of it
            (VAR_HANDLE, CALL_ONCE).
        problem: why not; None where it does.
        details: filter, stride, padding, activation in a few words; which variable, or subgraph.
        activation: that is fused into it, such as ``RELU6``; None where none is.
        macs: multiply-accumulates of one inference, those with padding included; None where no rule is known.
        weights_bytes: of the constants it reads.
        scratch: bytes of scratch on each backend that has the operator, by the backend's name.
    """

    index: int
    operator: str
    layer: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    method: str | None
    problem: str | None
    details: str
    activation: str | None
    macs: int | None
    weights_bytes: int
    scratch: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ArenaBlock:
    """An activation in the arena: from byte ``offset`` on, during the steps ``first`` to ``last``, both included."""

    tensor: int
    name: str
    offset: int
    size: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ArenaReport:
    """Where the activations live.

    Attributes:
        estimated: the model is not supported, so that this is a plan of the file's operators, not of a program.
        steps: the layer's name of each step: a call of the program, or an operator of the file.
        operators: the operator's number in the file of each step; None for a copy that the compiler adds, as of an
            output that is an input too.
        blocks: the activations, in the order of their steps.
        length: bytes of the arena.
        unshared: bytes if every activation had memory of its own.
        peak_step: the step during which the most bytes are in use; None for a model without activations.
        peak: how many: no plan can do with less.
    """

    estimated: bool
    steps: tuple[str, ...]
    operators: tuple[int | None, ...]
    blocks: tuple[ArenaBlock, ...]
    length: int
    unshared: int
    peak_step: int | None
    peak: int


@dataclass(frozen=True, slots=True)
class ContentReport:
    """What a variable holds.

    Attributes:
        least, greatest: of its elements: where all are the same, both are that; None where some are no numbers.
        digest: SHA-256 of the bytes, little-endian.
    """

    least: int | float | None
    greatest: int | float | None
    digest: str


@dataclass(frozen=True, slots=True)
class VariableReport:
    """What a model keeps from one run to the next.

    Attributes:
        name: of the variable, or of the tensor that is marked as one.
        tensor: its number in the file; None for a variable that VAR_HANDLE names.
        shape, type, bytes: of its content.
        initial: what the first run finds; None where the model is not supported.
        after_reset: what the first run after a reset finds; None where the model is not supported.
    """

    name: str
    tensor: int | None
    shape: Shape
    type: str
    bytes: int | None
    initial: ContentReport | None
    after_reset: ContentReport | None

    @property
    def reset_differs(self) -> bool:
        """Whether a reset sets other bytes than those that the first run finds."""
        return self.initial != self.after_reset


@dataclass(frozen=True, slots=True)
class BackendReport:
    """How a backend fits the model.

    Attributes:
        name: of the class, with its module where two share it.
        module: where the class is.
        lacking: numbers of the supported operators that this backend does not have.
        scratch: bytes of scratch that suffice for the operators it has.
        largest: number of the operator that asks for it; None where none asks for any.
    """

    name: str
    module: str
    lacking: tuple[int, ...]
    scratch: int
    largest: int | None


@dataclass(frozen=True, slots=True)
class ModelReport:
    """Everything that :func:`inspect_model` finds out.

    Attributes:
        source: path of the file, or ``<bytes>``.
        name, description: short name, and the file's own words.
        file_bytes, weights_bytes: of the file, and of the constants that operators read, each counted once.
        subgraphs: how many the file has; the report is on the first.
        state_bytes: of all variables; None where one has no known size.
        state: the variables.
        supported: whether ``@ember_model`` accepts the model.
        problems: everything that stands in the way.
        macs: multiply-accumulates of all operators with a known count.
        macs_complete: whether that is all of the model, as far as operators that are not supported go.
        tensors, inputs, outputs, operators, arena, backends, findings: see their classes.
    """

    source: str
    name: str
    description: str
    file_bytes: int
    weights_bytes: int
    subgraphs: int
    supported: bool
    problems: tuple[str, ...]
    macs: int
    macs_complete: bool
    tensors: tuple[TensorReport, ...]
    inputs: tuple[PortReport, ...]
    outputs: tuple[PortReport, ...]
    operators: tuple[OperatorReport, ...]
    arena: ArenaReport
    state_bytes: int | None
    state: tuple[VariableReport, ...]
    backends: tuple[BackendReport, ...]
    findings: tuple[Finding, ...]


def to_json(report: ModelReport) -> str:
    """The report as indented JSON: an object for each class, with its attributes' names."""
    return json.dumps(asdict(report), indent=2, allow_nan=False)
