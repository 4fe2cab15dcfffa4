"""Many networks as one model, whole and call by call, beside what they have to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ember_infer_macros import load_program
from ember_infer_native import NativeBackend
from tests.native.nets import Net
from tests.native.running import Arrays, assert_equal, dispatching, extreme_inputs, random_inputs, reference, run
from tests.support.tflm import Tflm

__all__ = ["Build", "Results", "results"]

Build = Callable[[Net], None]

ARENA = 1 << 26


@dataclass(frozen=True)
class Results:
    """Of one model that holds many networks: outputs for each inference, and where each network's are."""

    whole: list[Arrays]
    call_by_call: list[Arrays]
    expected: list[Arrays]
    parts: Mapping[str, slice]

    def check(self, name: str) -> None:
        part = self.parts[name]
        expected = [outputs[part] for outputs in self.expected]
        assert any(len(np.unique(output)) > 1 for output in expected[0])
        assert_equal([outputs[part] for outputs in self.whole], expected)
        assert_equal([outputs[part] for outputs in self.call_by_call], expected)


def results(builds: Mapping[str, Build], native: NativeBackend, tflm: Tflm | None) -> Results:
    net, parts = Net(), {}
    for name, build in builds.items():
        start = len(net.outputs)
        build(net)
        parts[name] = slice(start, len(net.outputs))
    model = net.finish()
    program = load_program(model)
    batches = random_inputs(program, 0, 3) + extreme_inputs(program)
    expected = reference(program, batches) if tflm is None else tflm.run(model, batches, len(net.outputs), ARENA)
    whole, calls = native.compile(program), dispatching(native, program)
    return Results(
        [run(whole, inputs) for inputs in batches], [run(calls, inputs) for inputs in batches], expected, parts
    )
