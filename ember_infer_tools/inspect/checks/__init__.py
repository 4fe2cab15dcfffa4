"""What `ember-infer inspect` warns of: one small function for each check, all of them in :data:`CHECKS`.

A check looks at a :class:`View` of the model and yields ``(where, what)`` pairs; what follows from them stands beside
it in the registry. :mod:`graph` looks at the file, :mod:`arithmetic` at its numbers, :mod:`kernels` at what runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ember_infer_core.backend import KernelBackend
from ember_infer_macros.tflite.graph import Graph, GraphOperator
from ember_infer_tools.inspect.checks import arithmetic, graph, kernels
from ember_infer_tools.inspect.checks.view import Place, View, find_layers
from ember_infer_tools.inspect.findings import Finding, Level
from ember_infer_tools.inspect.results import VariableReport
from ember_infer_tools.inspect.subject import Subject

__all__ = ["CHECKS", "Check", "find"]


@dataclass(frozen=True, slots=True)
class Check:
    """A check and what follows from what it finds."""

    name: str
    level: Level
    run: Callable[[View], Iterable[Place]]
    consequence: str


def find(
    graph: Graph,
    subjects: Sequence[Subject],
    backends: Mapping[str, type[KernelBackend]],
    state: Sequence[VariableReport],
) -> tuple[Finding, ...]:
    """What every check finds, in the order of :data:`CHECKS`."""
    view = View(graph, tuple(subjects), tuple(find_layers(graph, subjects)), backends, tuple(state))
    return tuple(_finding(check, where, what) for check in CHECKS for where, what in check.run(view))


def _finding(check: Check, where: str | GraphOperator, what: str) -> Finding:
    if isinstance(where, str):
        return Finding(check.name, check.level, where, what, check.consequence)
    return Finding(check.name, check.level, where.describe(), what, check.consequence, where.index)


CHECKS: tuple[Check, ...] = (
    Check(
        "odd-metadata",
        "warning",
        graph.odd_metadata,
        "TensorFlow Lite Micro and this project run the model; LiteRT and other strict readers refuse it",
    ),
    Check(
        "unused-input",
        "warning",
        graph.unused_inputs,
        "the answer does not depend on it: was the right graph exported?",
    ),
    Check(
        "unused-operator",
        "warning",
        graph.unused_operators,
        "it takes time and arena for nothing",
    ),
    Check(
        "reset-differs",
        "warning",
        graph.other_after_reset,
        "the model initialises it in its first run alone (CALL_ONCE): after a reset it goes on from other content than "
        "after power-on, here as in TensorFlow Lite Micro",
    ),
    Check(
        "activation",
        "warning",
        kernels.activations_that_are_no_clamp,
        "TensorFlow Lite Micro leaves it out, backends here refuse to run it: make it an operator of its own",
    ),
    Check(
        "accumulator-overflow",
        "warning",
        arithmetic.overflowing_accumulators,
        "it wraps here as in TensorFlow Lite Micro; kernels that saturate or sum in vectors may answer otherwise. "
        "Look at the bias and at the output's scale",
    ),
    Check(
        "flushed-multiplier",
        "warning",
        arithmetic.flushed_multipliers,
        "a factor below 2**-32 becomes 0 in TensorFlow Lite Micro too: the output is its zero point, whatever comes in",
    ),
    Check(
        "constant-layer",
        "warning",
        arithmetic.constant_layers,
        "bias, clamp and scales leave but one value in every channel: what comes in makes no difference",
    ),
    Check(
        "few-values",
        "warning",
        arithmetic.few_values,
        "the output's scale is coarser than it need be, which gives precision away: "
        "was the representative data set representative?",
    ),
    Check(
        "dead-channel",
        "warning",
        arithmetic.dead_channels,
        "they answer their bias, whatever comes in: they can be pruned",
    ),
    Check(
        "large-multiplier",
        "warning",
        arithmetic.large_multipliers,
        "the output is finer than the sums it is made of; kernels that only shift to the right cannot do it",
    ),
    Check(
        "wide-scales",
        "warning",
        graph.wide_scales,
        "the channels of small scale are as good as dead; converters that want one scale for all lose them",
    ),
    Check(
        "many-classes",
        "warning",
        kernels.many_classes,
        "TensorFlow Lite Micro stops the program by an assertion where all classes are nearly equal",
    ),
    Check(
        "known-fault",
        "warning",
        kernels.known_faults,
        "a kernel of the device does not compute what the model says",
    ),
    Check(
        "dilation",
        "warning",
        kernels.dilated,
        "ESP-NN's convolutions ignore it: wrong on a device built with them",
    ),
    Check(
        "asymmetric-padding",
        "warning",
        kernels.asymmetric_padding,
        "ESP-NN on the ESP32-S3 can get the last row or column wrong (espressif/esp-nn issue 31)",
    ),
    Check(
        "stuck-channel",
        "hint",
        arithmetic.stuck_channels,
        "bias, clamp and scales leave but one value: the channel says nothing, and can be pruned",
    ),
    Check(
        "older-firmware",
        "hint",
        kernels.older_firmware,
        "firmware built with TensorFlow Lite Micro from before August 2026 may answer differently by 1 there",
    ),
    Check(
        "unused-tensor",
        "hint",
        graph.unused_tensors,
        "what it holds takes its bytes of the file, and of flash",
    ),
    Check(
        "odd-channels",
        "hint",
        kernels.odd_channels,
        "vector kernels (ESP-NN, CMSIS-NN) copy, pad or fall back to slower code: multiples of 16 are best, then 8, 4",
    ),
    Check(
        "odd-size",
        "hint",
        graph.odd_sizes,
        "each fills up to 16 bytes in the arena, and vector kernels finish its end in slower code",
    ),
)
