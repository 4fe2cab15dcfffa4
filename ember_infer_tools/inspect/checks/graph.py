"""Checks of the file itself: what nothing uses, what readers differ about, sizes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ember_infer_macros.tflite.read import ELEMENT_BYTES
from ember_infer_macros.tflite.schema import NO_TENSOR
from ember_infer_tools.inspect.checks.view import Place, View, describe_tensor
from ember_infer_tools.inspect.state import describe_content

__all__ = [
    "odd_metadata",
    "odd_sizes",
    "other_after_reset",
    "unused_inputs",
    "unused_operators",
    "unused_tensors",
    "wide_scales",
]

# Converters give channels that never fire a tiny scale; between live channels a factor of a thousand is rare.
_WIDE_SCALES = 1000.0
_ALIGNMENT = 16


def odd_metadata(view: View) -> Iterator[Place]:
    """What the reader warns of."""
    for warning in view.graph.warnings:
        yield "metadata", warning


def unused_inputs(view: View) -> Iterator[Place]:
    """Inputs of the model that no operator reads."""
    read = {index for operator in view.graph.operators for index in operator.inputs}
    for position, index in enumerate(view.graph.inputs):
        if index not in read and index not in view.graph.outputs:
            yield f"input {position}", f"no operator reads {describe_tensor(view.graph.tensors[index])}"


def unused_operators(view: View) -> Iterator[Place]:
    """Operators whose results lead to no output."""
    needed = set(view.graph.outputs)
    unused = []
    for operator in reversed(view.graph.operators):
        outputs = set(operator.outputs) - {NO_TENSOR}
        if not outputs or not needed.isdisjoint(outputs):  # without outputs it has a side effect
            needed.update(operator.inputs)
        else:
            unused.append(operator)
    for operator in reversed(unused):
        yield operator, "nothing that leads to an output reads its result"


def other_after_reset(view: View) -> Iterator[Place]:
    """Variables to which a reset gives other bytes than the beginning."""
    for variable in view.state:
        if variable.reset_differs:
            initial, after = describe_content(variable.initial), describe_content(variable.after_reset)
            yield f"state {variable.name!r}", f"{initial} at first, {after} after a reset"


def unused_tensors(view: View) -> Iterator[Place]:
    """Tensors that are in the file and nowhere in the graph."""
    graph = view.graph
    used = {*graph.inputs, *graph.outputs}
    for operator in graph.operators:
        used.update(operator.inputs, operator.outputs)
    for tensor in graph.tensors:
        if tensor.index not in used:
            content = f", {len(tensor.data)} bytes of content" if tensor.data is not None else ""
            yield describe_tensor(tensor), f"no operator uses it{content}"


def wide_scales(view: View) -> Iterator[Place]:
    """Tensors of int8 whose channels have scales far apart."""
    for tensor in view.graph.tensors:
        scales = tensor.quantization.scales if tensor.quantization is not None else ()
        least, greatest = min(scales, default=0.0), max(scales, default=0.0)
        if greatest > _WIDE_SCALES * least and tensor.type.name == "INT8":
            yield describe_tensor(tensor), f"scales of its channels from {least:.3g} to {greatest:.3g}"


def odd_sizes(view: View) -> Iterator[Place]:
    """Activations whose bytes do not fill whole units of the arena."""
    written = {index for operator in view.graph.operators for index in operator.outputs}
    for index in sorted(written.union(view.graph.inputs) - {NO_TENSOR}):
        tensor = view.graph.tensors[index]
        size = int(np.prod(tensor.shape, dtype=np.int64)) * ELEMENT_BYTES.get(tensor.type, 0)
        if size % _ALIGNMENT:
            yield describe_tensor(tensor), f"{size} bytes, not a multiple of {_ALIGNMENT}"
