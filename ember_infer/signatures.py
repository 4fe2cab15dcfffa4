"""A signature of a model as a function: LiteRT's SignatureRunner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ember_infer.metadata import Signature

if TYPE_CHECKING:
    from ember_infer.litert import Interpreter

__all__ = ["SignatureRunner"]


class SignatureRunner:
    """Runs the interpreter that it is of, from arrays by name to arrays by name; see
    :meth:`Interpreter.get_signature_runner`.
    """

    def __init__(self, interpreter: Interpreter, signature: Signature) -> None:
        self._interpreter = interpreter
        self._signature = signature

    def __call__(self, **arrays: Any) -> dict[str, Any]:
        """One run, on inputs that are resized to what is given.

        Raises:
            ValueError: a name, a shape or a type is none of an input's, or one is missing.
            RuntimeError: this input has no answer, or the backend cannot run the model.
        """
        inputs, interpreter = self._signature.inputs, self._interpreter
        if len(arrays) != len(inputs):
            raise ValueError(
                "Invalid number of inputs provided for running a SignatureDef, "
                f"expected {len(inputs)} vs provided {len(arrays)}"
            )
        for name, array in arrays.items():
            if name not in inputs:
                raise ValueError(f"Invalid Input name ({name}) for SignatureDef")
            interpreter.resize_tensor_input(inputs[name], array.shape)
        interpreter.allocate_tensors()
        for name, array in arrays.items():
            interpreter.set_tensor(inputs[name], array)
        interpreter.invoke()
        return {name: interpreter.get_tensor(index) for name, index in self._signature.outputs.items()}

    def get_input_details(self) -> dict[str, dict[str, Any]]:
        """Of every input, by its name, what :meth:`Interpreter.get_input_details` tells."""
        return {name: self._interpreter._get_tensor_details(index) for name, index in self._signature.inputs.items()}

    def get_output_details(self) -> dict[str, dict[str, Any]]:
        """Of every output, by its name, what :meth:`Interpreter.get_input_details` tells."""
        return {name: self._interpreter._get_tensor_details(index) for name, index in self._signature.outputs.items()}
