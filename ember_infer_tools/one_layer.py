"""A layer on its own, as a program and compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ember_infer_core.backend import KernelBackend
from ember_infer_core.errors import UnsupportedOperator
from ember_infer_core.executable import Executable
from ember_infer_core.program import Call, Program
from ember_infer_core.slots import AnyArray, Role
from ember_infer_core.state import KeepsState

__all__ = ["OneLayer"]


class OneLayer:
    """A layer on its own, compiled for a backend: a program of one call.

    What it reads of variables is an input there; its own state is a variable, which each run sets first.

    Attributes:
        executable: what runs; its inputs and state hold what the last :meth:`fill` was given.

    Raises:
        KernelError: the backend cannot run the layer.
    """

    def __init__(self, backend: KernelBackend, program: Program, call: Call) -> None:
        states = set(call.tensors(Role.STATE))
        read = (program.storage(index) for index in call.tensors(Role.INPUT))
        inputs = dict.fromkeys(index for index in read if program.tensors[index].data is None and index not in states)
        self._program = program
        self._inputs = tuple(inputs)
        variables = tuple(variable for variable in program.variables if variable.tensor in states)
        self._states = tuple(variable.tensor for variable in variables)
        self._outputs = tuple(call.tensors(Role.OUTPUT))
        alone = replace(program, inputs=self._inputs, outputs=self._outputs, calls=(call,), variables=variables)
        self.executable: Executable = backend.compile(alone)
        if states and not isinstance(self.executable, KeepsState):
            raise UnsupportedOperator(f"{type(self.executable).__name__} has no load_state: {call.name} keeps state")

    def fill(self, tensors: Mapping[int, AnyArray]) -> None:
        """Sets inputs and state, by the index of the tensor whose memory they use."""
        executable = self.executable
        for buffer, index in zip(executable.inputs, self._inputs, strict=True):
            buffer[...] = tensors[index].reshape(buffer.shape)
        if isinstance(executable, KeepsState) and self._states:
            shapes = [self._program.tensors[index].shape for index in self._states]
            pairs = zip(self._states, shapes, strict=True)
            executable.load_state([tensors[index].reshape(shape) for index, shape in pairs])

    def run(self, tensors: Mapping[int, AnyArray]) -> Mapping[int, AnyArray]:
        """The layer's outputs and the state that it leaves, by their own indices; valid until the next run."""
        self.fill(tensors)
        self.executable.run()
        found = dict(zip(self._outputs, self.executable.outputs, strict=True))
        if isinstance(self.executable, KeepsState) and self._states:
            found |= zip(self._states, self.executable.save_state(), strict=True)
        return found
