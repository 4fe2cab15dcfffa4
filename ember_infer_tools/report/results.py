"""What a report shows, as plain data: what the other tools found out about a model, and what its tensors hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ember_infer_tools.bench.layers import LayerTimes
from ember_infer_tools.compare import Comparison
from ember_infer_tools.inspect import ModelReport
from ember_infer_tools.report.differences import DifferenceMap
from ember_infer_tools.report.distributions import Distribution

__all__ = ["Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on one page.

    Attributes:
        model: see :func:`ember_infer_tools.inspect.inspect_model`.
        inputs: which samples were run, in words; empty where nothing was.
        activations_by: the backend whose activations these are.
        activations: what tensors held in all runs, by their number in the file.
        weights: what the constants hold that layers read, by their number in the file.
        scales: of the constants that have one for each channel, by their number in the file.
        storage: for each tensor of the file that shares another one's memory, that one.
        operators: of each layer that was timed, its operator's number in the file.
        times: of the layers, on each side that is a backend.
        comparison: of the two sides, if there are two.
        same_input, end_to_end: where in a layer's output these differ, by the tensor's number in the file.
        notes: what a reader should know.
    """

    model: ModelReport
    inputs: str = ""
    activations_by: str = ""
    activations: Mapping[int, Distribution] = field(default_factory=dict)
    weights: Mapping[int, Distribution] = field(default_factory=dict)
    scales: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    storage: Mapping[int, int] = field(default_factory=dict)
    operators: Mapping[str, int] = field(default_factory=dict)
    times: tuple[LayerTimes, ...] = ()
    comparison: Comparison | None = None
    same_input: Mapping[int, DifferenceMap] = field(default_factory=dict)
    end_to_end: Mapping[int, DifferenceMap] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
