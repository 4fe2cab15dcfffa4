"""From a block of samples to what a model takes: its type, its quantisation, its shape, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ember_infer_core.errors import InvalidShape
from ember_infer_core.slots import AnyArray
from ember_infer_macros.ports import Port
from ember_infer_tools.evaluate.blocks import Bad, Block, Unreadable, Values
from ember_infer_tools.evaluate.plan import Plan

__all__ = ["Prepare", "checked_labels", "model_inputs", "prepared"]

# A user's own preprocessing: of one sample, or of one value for each input.
Prepare: TypeAlias = Callable[..., Any]


def prepared(block: Block, prepare: Prepare | None) -> tuple[Block, list[Bad]]:
    """The block after the user's function, without samples that could not be read or that it refuses.

    A fault in the function is the sample's, which is named; whether the others go on is for the caller to say.
    """
    lists = any(not isinstance(values, np.ndarray) for values in block.inputs)
    if prepare is None and not lists:
        return block, []
    kept: list[int] = []
    bad: list[Bad] = []
    values: list[tuple[Any, ...]] = []
    for place in range(len(block)):
        sample = tuple(inputs[place] for inputs in block.inputs)
        unreadable = next((value for value in sample if isinstance(value, Unreadable)), None)
        if unreadable is not None:
            bad.append(block.bad(place, unreadable.reason))
            continue
        if prepare is not None:
            try:
                made = prepare(*sample)
            except Exception as error:
                bad.append(block.bad(place, f"the function to prepare it: {type(error).__name__}: {error}"))
                continue
            sample = (made,) if len(sample) == 1 else tuple(made)
        kept.append(place)
        values.append(sample)
    columns = tuple(list(column) for column in zip(*values, strict=True)) or tuple([] for _ in block.inputs)
    labels = None if block.labels is None else [block.labels[place] for place in kept]
    names = [block.name(place) for place in kept]
    return Block(block.first, columns, labels, names, [block.number(place) for place in kept]), bad


def model_inputs(values: Values, port: Port) -> AnyArray:
    """Samples for one input of the model, ``(samples, *shape)``: as they are where they have its type, and else real
    values, quantised as ``predict`` does.

    Raises:
        InvalidShape: a sample has another number of elements.
        ValueError: a value is NaN, or does not fit, or is no number.
    """
    array = values if isinstance(values, np.ndarray) else _stacked(values, port)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{port.role}: numbers are wanted, not {array.dtype}")
    if array.size != len(values) * port.length:
        shape = array.shape[1:]
        raise InvalidShape(f"{port.role}: {port.length} elements {port.shape} are wanted, not shape {shape}")
    made = array if array.dtype == port.dtype else port.quantize(array)
    return np.ascontiguousarray(made).reshape(len(values), *port.shape)


def _stacked(values: Sequence[Any], port: Port) -> AnyArray:
    """One array of values that came one by one: of several types each counts as what it is itself."""
    arrays = [np.asarray(value) for value in values]
    if len({array.dtype for array in arrays}) > 1:
        return np.concatenate([model_inputs(array[np.newaxis], port) for array in arrays])
    return np.array(arrays) if arrays else np.zeros((0, *port.shape), port.dtype)


def checked_labels(labels: Values, plan: Plan, length: int) -> AnyArray:
    """Labels as classes, or as rows of so many real values.

    Raises:
        ValueError: a label is neither, or of a class that the model does not know.
    """
    array = np.asarray(labels)
    if array.dtype.kind not in "biuf":
        raise ValueError("label: a number is wanted")
    if plan.mae:
        if array.size != len(labels) * length:
            raise ValueError(f"label: {length} values are wanted, not shape {array.shape[1:]}")
        values = array.reshape(len(labels), length).astype(np.float64)
        if not np.isfinite(values).all():
            raise ValueError("label: a value is not finite")
        return values
    if array.size != len(labels):
        raise ValueError(f"label: one class is wanted, not shape {array.shape[1:]}")
    array = array.reshape(len(labels))
    for wrong in array[~((array >= 0) & (array < plan.classes) & (array == np.floor(array)))][:1]:
        raise ValueError(f"label {wrong}: the model tells {plan.classes} classes apart, 0 to {plan.classes - 1}")
    return array.astype(np.int64)
