"""Classes derived from nested and local model classes."""

from abc import ABC, ABCMeta
from typing import Literal

from ember_infer_macros import ember_model


class Outer:
    @ember_model("sine.tflite")
    class Model:
        threshold = 0.5

    class Heir(Model):
        label = "nested"

    class Other:
        pass


class Deep:
    class Heir(Outer.Heir): ...

    class Abstract(Outer.Model, ABC): ...


class Meta(Outer.Model, metaclass=ABCMeta): ...


def in_a_function() -> tuple[int, int]:
    @ember_model("sine.tflite")
    class Local: ...

    class Heir(Local): ...

    class Abstract(Heir, ABC): ...

    return Heir.input_len(), Abstract.output_len()


first: Literal[1] = Outer.Heir.input_len()
second: Literal[1] = Deep.Heir.input_len()
third: Literal[1] = Deep.Abstract.input_len()
fourth: Literal[2] = Meta.input_len()  # E: assignment
own: float = Outer.Model.threshold
label: int = Deep.Heir.label  # E: assignment
