"""The models of an evaluation: read once, sent as bytes, and made a class where they are to run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import TypeAlias

from typing_extensions import override

from ember_infer_macros import QuantizedModel
from ember_infer_macros.decorator import source_of
from ember_infer_macros.ports import Port, ports
from ember_infer_macros.tflite.read import ModelSource, read_source
from ember_infer_tools.bench.contestants import model_class
from ember_infer_tools.evaluate.errors import EvaluationError

__all__ = ["Model", "ModelBytes", "check_models", "read_model"]

# A model class, a path, or the bytes of a file.
Model: TypeAlias = type[QuantizedModel] | ModelSource


@dataclass(frozen=True)
class ModelBytes:
    """A model on its way.

    Attributes:
        name: for messages.
        content: of its file.
        digest: of the content, SHA-256.
    """

    name: str
    content: bytes
    digest: str

    @override
    def __getstate__(self) -> dict[str, object]:
        """Without what has been made of it here."""
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}

    @cached_property
    def loaded(self) -> type[QuantizedModel]:
        """The model's class.

        Raises:
            EvaluationError: the bytes are not those that were sent.
        """
        if _digest(self.content) != self.digest:
            raise EvaluationError(f"{self.name}: its bytes have changed on the way: evaluate it again")
        return model_class(self.content)

    @cached_property
    def inputs(self) -> tuple[Port, ...]:
        """Of the model."""
        return ports(self.loaded.program, self.loaded.program.inputs, "input")

    @cached_property
    def outputs(self) -> tuple[Port, ...]:
        """Of the model."""
        return ports(self.loaded.program, self.loaded.program.outputs, "output")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_model(model: Model) -> ModelBytes:
    """A model with its digest.

    Raises:
        ModelError: the file cannot be read.
        EvaluationError: a class that is none of a model.
    """
    if isinstance(model, type):
        source = source_of(model)
        if source is None:
            raise EvaluationError(f"model: class {model.__name__} has none: decorate it with @ember_model(...)")
    else:
        source = model
    name, content = read_source(source)
    return ModelBytes(PurePath(name).name, bytes(content), _digest(content))


def check_models(models: Sequence[ModelBytes]) -> None:
    """Refuses what has no answer for one sample, and models that do not answer the same question.

    Raises:
        ModelError: a model is not supported.
        EvaluationError: a model cannot be evaluated, or not together with the first.
    """
    for model in models:
        if model.loaded.program.ends_early:
            raise EvaluationError(f"{model.name}: one sample has no answer, since it waits for more (CIRCULAR_BUFFER)")
        if any(len(port.shape) > 1 and port.shape[0] != 1 for port in model.inputs):
            batch = model.inputs[0].shape[0]
            raise EvaluationError(f"{model.name}: it takes {batch} samples at once: convert it with a batch of 1")
    first = _lengths(models[0])
    for model in models:
        own = _lengths(model)
        if own != first:
            raise EvaluationError(
                f"{model.name}: elements of inputs and outputs {own} are others than {models[0].name}'s, {first}"
            )


def _lengths(model: ModelBytes) -> tuple[list[int], list[int]]:
    return [port.length for port in model.inputs], [port.length for port in model.outputs]
