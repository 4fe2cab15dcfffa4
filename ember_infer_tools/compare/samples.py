"""Which samples a model is run on: those that are given, those that a device was fed, or random ones."""

from __future__ import annotations

from collections.abc import Sequence

from ember_infer_core.errors import ComparisonError
from ember_infer_core.samples import Inputs, checked_inputs, random_inputs
from ember_infer_core.slots import AnyArray
from ember_infer_tools.compare.model import Model
from ember_infer_tools.compare.sides import DumpSide

__all__ = ["chosen_inputs", "random_count"]

# Random samples of a model without state, and steps of one with state, unless their number is given.
_SAMPLES = 4
_STEPS = 64


def random_count(model: Model, samples: int | None, steps: int | None) -> int:
    """How many random inputs are asked for.

    Raises:
        ComparisonError: none, or steps of a model without state, or samples of one with state.
    """
    name, count, other, usual = (
        ("steps", steps, samples, _STEPS) if model.is_stateful else ("samples", samples, steps, _SAMPLES)
    )
    if other is not None:
        why = "keeps state, so that its inputs are steps of one sequence" if model.is_stateful else "keeps no state"
        raise ComparisonError(f"{model.name} {why}: say {name}")
    if count is not None and count < 1:
        raise ComparisonError(f"{name} must be 1 or more, not {count}")
    return usual if count is None else count


def chosen_inputs(
    model: Model, dumps: Sequence[DumpSide], inputs: Inputs | None, count: int, seed: int
) -> tuple[list[AnyArray], str]:
    """The samples for each model input, ``(samples, *shape)`` each, and where they come from: ``given``, ``dumped`` or
    ``random, seed 0``.

    Args:
        model: what is run on them.
        dumps: of devices; what these were fed goes before random samples.
        inputs: what is given, if anything is.
        count: how many random samples.
        seed: of these.

    Raises:
        ComparisonError: the inputs do not fit the model; dumps are of another number of samples, or of unknown ones.
    """
    dumped = [found for side in dumps if (found := side.given_inputs(model)) is not None]
    if inputs is not None:
        arrays, origin = checked_inputs(inputs, model.program), "given"
    elif dumped:
        arrays, origin = dumped[0], "dumped"
    elif dumps:
        raise ComparisonError(
            f"{dumps[0].name}: made from which inputs? Give them, or dump the model's input beside the layers"
        )
    else:
        arrays, origin = random_inputs(model.program, count, seed), f"random, seed {seed}"
    for side in dumps:
        side.expect(len(arrays[0]))
    return arrays, origin
