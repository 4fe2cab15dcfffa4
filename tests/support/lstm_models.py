"""Models of one UNIDIRECTIONAL_SEQUENCE_LSTM, with everything about it to be chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_tools.tflite_writer import ModelWriter

__all__ = ["GATES", "LstmModel"]

GATES = ("input", "forget", "cell", "output")


@dataclass(kw_only=True)
class LstmModel:
    """What a model of one LSTM is like; :meth:`finish` writes it.

    Attributes:
        batch, steps, depth, units: sizes.
        wide: int16 data with int64 biases, in place of int8 with int32.
        time_major: whether the time steps are the outer axis.
        scales: of ``data``, ``hidden`` and ``cell``.
        zero_points: of ``data`` and ``hidden``; of the biases and the cell they are 0.
        input_scales, recurrent_scales: of the weights, for each gate.
        bias_limit: how large biases are.
        options: of the operator, by the schema's names.
        changes: for single operands, by their position, arguments of ``ModelWriter.tensor`` to use in place of others;
            None leaves the operand out.
    """

    batch: int = 1
    steps: int = 4
    depth: int = 5
    units: int = 3
    wide: bool = False
    time_major: bool = False
    scales: dict[str, float] = field(default_factory=lambda: {"data": 1 / 64, "hidden": 1 / 128, "cell": 2.0**-12})
    zero_points: dict[str, int] = field(default_factory=dict)
    input_scales: tuple[float, ...] = (0.01, 0.011, 0.012, 0.013)
    recurrent_scales: tuple[float, ...] = (0.007, 0.008, 0.009, 0.01)
    bias_limit: int = 1000
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    changes: dict[int, dict[str, Any] | None] = field(default_factory=dict)
    output_changes: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> str:
        """The type of input, hidden state and output."""
        return "int16" if self.wide else "int8"

    def finish(self) -> bytes:
        """The file."""
        writer = ModelWriter()
        operands = {**self._weights(), **self._states()}
        around = (self.steps, self.batch) if self.time_major else (self.batch, self.steps)
        operands[0] = {"shape": (*around, self.depth), "dtype": self.data, **self._quant("data")}
        for position, changed in self.changes.items():
            operands[position] = None if changed is None else {**(operands.get(position) or {}), **changed}
        made = {position: writer.tensor(f"t{position}", **operand) for position, operand in operands.items() if operand}
        result = {"shape": (*around, self.units), "dtype": self.data, **self._quant("hidden"), **self.output_changes}
        output = writer.tensor("output", **result)
        options: dict[str, Any] = {"activation": "TANH", "time_major": self.time_major} | self.options
        writer.operator(
            "UNIDIRECTIONAL_SEQUENCE_LSTM", [made.get(position) for position in range(24)], [output], **options
        )
        return writer.finish([made[0]], [output], "lstm")

    def _weights(self) -> dict[int, dict[str, Any] | None]:
        random = np.random.default_rng(self.seed)
        found: dict[int, dict[str, Any] | None] = {}
        for gate in range(len(GATES)):
            for first, depth, scale in (
                (1, self.depth, self.input_scales[gate]),
                (5, self.units, self.recurrent_scales[gate]),
            ):
                content: npt.NDArray[Any] = random.integers(-128, 128, (self.units, depth), np.int8)
                found[first + gate] = {"shape": content.shape, "dtype": "int8", "scale": scale, "data": content}
            kind = np.int64 if self.wide else np.int32
            bias = random.integers(-self.bias_limit - 1, self.bias_limit + 1, self.units, kind)
            scale = self.scales["data"] * self.input_scales[gate]
            found[12 + gate] = {"shape": bias.shape, "dtype": bias.dtype.name, "scale": scale, "data": bias}
        return found

    def _states(self) -> dict[int, dict[str, Any] | None]:
        shape = (self.batch, self.units)
        hidden = {"shape": shape, "dtype": self.data, "is_variable": True, **self._quant("hidden")}
        return {18: hidden, 19: {"shape": shape, "dtype": "int16", "is_variable": True, **self._quant("cell")}}

    def _quant(self, name: str) -> dict[str, Any]:
        return {"scale": self.scales[name], "zero_point": self.zero_points.get(name, 0)}
