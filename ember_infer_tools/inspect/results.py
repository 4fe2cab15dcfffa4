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
    "ModelReport",
    "OperatorReport",
    "PortReport",
    "QuantReport",
    "TensorReport",
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
    """

    index: int
    name: str
    shape: Shape
    type: str
    bytes: int | None
    constant: bool
    quant: QuantReport | None


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
        method: of ``KernelBackend``; None where the project does not run the operator.
        problem: why not; None where it does.
        details: filter, stride, padding, activation in a few words.
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
        operators: the operator's number in the file of each step.
        blocks: the activations, in the order of their steps.
        length: bytes of the arena.
        unshared: bytes if every activation had memory of its own.
        peak_step: the step during which the most bytes are in use; None for a model without activations.
        peak: how many: no plan can do with less.
    """

    estimated: bool
    steps: tuple[str, ...]
    operators: tuple[int, ...]
    blocks: tuple[ArenaBlock, ...]
    length: int
    unshared: int
    peak_step: int | None
    peak: int


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
    backends: tuple[BackendReport, ...]
    findings: tuple[Finding, ...]


def to_json(report: ModelReport) -> str:
    """The report as indented JSON: an object for each class, with its attributes' names."""
    return json.dumps(asdict(report), indent=2, allow_nan=False)
