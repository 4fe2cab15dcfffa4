"""TensorFlow Lite Micro's Python interpreter: the same methods, the same bytes, on a backend of your choice.

::

    from ember_infer.tflm import runtime  # was: from tflite_micro import runtime

See docs/migrating.md.
"""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from ember_infer.backends import chosen_backend
from ember_infer.details import array_for, copied, element_type, quantization_parameters
from ember_infer.model_file import read_model_file
from ember_infer.running import Running, told_as_runtime_errors
from ember_infer_core.backend import KernelBackend

__all__ = ["Interpreter", "InterpreterConfig"]

T = TypeVar("T")


class InterpreterConfig(enum.Enum):
    """Whether :meth:`Interpreter.GetTensor` shows every tensor of the last run."""

    kAllocationRecording = 0  # noqa: N815 - TensorFlow Lite Micro's names
    kPreserveAllTensors = 1  # noqa: N815


class Interpreter:
    """Runs a model. For one thread at a time.

    Args:
        model_data: content of a .tflite file.
        custom_op_registerers: names, which mean nothing here: custom operators are a backend's.
        arena_size: bytes, which mean nothing here: a model has the memory that it needs.
        intrepreter_config: see :class:`InterpreterConfig`.
        alt_decompression_memory_size: bytes, which mean nothing here.
        backend: what computes: a backend, or its name as the command line takes it (``native``,
            ``mypackage:MyBackend``); None for what the environment variable ``EMBER_BACKEND`` names, or RefBackend.

    Raises:
        ValueError: an argument, the model (ModelError) or the backend is none that works here.
        RuntimeError: the backend cannot run the model.
    """

    def __init__(
        self,
        model_data: bytes | bytearray | memoryview,
        custom_op_registerers: Sequence[str],
        arena_size: int | None,
        intrepreter_config: InterpreterConfig = InterpreterConfig.kAllocationRecording,
        alt_decompression_memory_size: int = 0,
        *,
        backend: KernelBackend | str | None = None,
    ) -> None:
        if model_data is None:
            raise ValueError("Model must not be None")
        if not isinstance(custom_op_registerers, list) or not all(
            isinstance(one, str) for one in custom_op_registerers
        ):
            raise ValueError("Custom ops registerers must be a list of strings")
        self._file = file = read_model_file(model_data)
        # By name, so that TensorFlow Lite Micro's own enumeration is as good.
        self._preserves = getattr(intrepreter_config, "name", "") == InterpreterConfig.kPreserveAllTensors.name
        with told_as_runtime_errors():
            chosen = chosen_backend(backend)
        self._running = Running(file, chosen, file.between if self._preserves else ())

    @classmethod
    def from_file(
        cls,
        model_path: str | os.PathLike[str],
        custom_op_registerers: Sequence[str] | None = None,
        arena_size: int | None = None,
        intrepreter_config: InterpreterConfig = InterpreterConfig.kAllocationRecording,
        alt_decompression_memory_size: int = 0,
        *,
        backend: KernelBackend | str | None = None,
    ) -> Interpreter:
        """An interpreter of a .tflite file; see :class:`Interpreter`."""
        if model_path is None or not os.path.isfile(model_path):
            raise ValueError(f"Invalid model file path: {model_path!r} is no file")
        with open(model_path, "rb") as file:
            content = file.read()
        return cls.from_bytes(
            content,
            custom_op_registerers,
            arena_size,
            intrepreter_config,
            alt_decompression_memory_size,
            backend=backend,
        )

    @classmethod
    def from_bytes(
        cls,
        model_data: bytes | bytearray | memoryview,
        custom_op_registerers: Sequence[str] | None = None,
        arena_size: int | None = None,
        intrepreter_config: InterpreterConfig = InterpreterConfig.kAllocationRecording,
        alt_decompression_memory_size: int = 0,
        *,
        backend: KernelBackend | str | None = None,
    ) -> Interpreter:
        """An interpreter of a .tflite file's content; see :class:`Interpreter`."""
        return cls(
            model_data,
            [] if custom_op_registerers is None else custom_op_registerers,
            arena_size,
            intrepreter_config,
            alt_decompression_memory_size,
            backend=backend,
        )

    def print_allocations(self) -> None:
        """Says on stderr what the model's activations and state take; a device's arena holds TFLM's own notes too."""
        program = self._file.program
        print(f"{program.arena_len} bytes of activations, {program.state_len} bytes of state", file=sys.stderr)

    def invoke(self) -> int:
        """Runs the model once.

        Returns:
            0.

        Raises:
            RuntimeError: this input has no answer.
        """
        self._running.run()
        return 0

    def reset(self) -> int:
        """Forgets all runs, as ``MicroInterpreter::Reset()`` does.

        Returns:
            0.
        """
        self._running.reset()
        return 0

    def set_input(self, input_data: Any, index: int) -> None:
        """Copies an array into an input.

        Raises:
            ValueError: it has another type or shape than the input.
            IndexError: there is no such input.
        """
        if input_data is None:
            raise ValueError("Input data must not be None")
        buffer = _at(self._running.inputs, index)
        tensor = self._file.graph.tensors[self._file.graph.inputs[index]]
        buffer[...] = array_for(input_data, tensor, buffer, index)

    def get_output(self, index: int) -> Any:
        """A copy of an output of the last run.

        Raises:
            IndexError: there is no such output.
        """
        _at(self._file.graph.outputs, index)  # behind them stands what is preserved
        return copied(self._running.outputs[index])

    def GetTensor(self, tensor_index: int, subgraph_index: int) -> dict[str, Any]:  # noqa: N802 - TFLM's name
        """Type, shape and content (``tensor_data``) of any tensor, as the last run has left it.

        Raises:
            RuntimeError: the interpreter was not made with ``InterpreterConfig.kPreserveAllTensors``.
            IndexError: there is no such tensor.
            ValueError: there is, and nothing to show of it.
        """
        if not self._preserves:
            raise RuntimeError(
                "GetTensor() needs an interpreter that was made with "
                "intrepreter_config=InterpreterConfig.kPreserveAllTensors"
            )
        graph = self._file.graph
        if subgraph_index != 0:
            raise IndexError(f"subgraph {subgraph_index}: only the first runs here, and can be looked at")
        tensor = _at(graph.tensors, tensor_index)
        content = self._running.places.get(tensor_index, self._file.constant(tensor_index))
        if content is None:
            raise ValueError(f"{tensor.describe()}: no run leaves it behind")
        shape = np.array(tensor.shape, np.int32)
        return {"dtype": element_type(tensor), "shape": shape, "tensor_data": copied(content)}

    def get_input_details(self, index: int) -> dict[str, Any]:
        """Type, shape and quantisation of an input.

        Raises:
            IndexError: there is no such input.
        """
        return self._details(_at(self._file.graph.inputs, index))

    def get_output_details(self, index: int) -> dict[str, Any]:
        """Type, shape and quantisation of an output.

        Raises:
            IndexError: there is no such output.
        """
        return self._details(_at(self._file.graph.outputs, index))

    def _details(self, tensor: int) -> dict[str, Any]:
        return {
            "dtype": element_type(self._file.graph.tensors[tensor]),
            "shape": np.array(self._file.graph.tensors[tensor].shape, np.int32),
            "quantization_parameters": quantization_parameters(self._file.metadata.tensors[tensor]),
        }


def _at(values: Sequence[T], index: int) -> T:
    if index is None or index < 0:
        raise ValueError("Index must be a non-negative integer")
    if index >= len(values):
        raise IndexError(f"Tensor is out of bound, please check tensor index: there are {len(values)}, from 0")
    return values[index]
