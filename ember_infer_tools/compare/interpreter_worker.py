"""The process that holds another runtime's interpreters for ``interpreters.py``; not for import.

Requests and answers are pickles on stdin and stdout: ``("load", key, model, outputs, arena_size)``,
``("run", key, inputs)``, and ``("batch", key, inputs)`` with a run for each row; ``("done", arrays)`` and
``("refused", text)``. What the runtime itself prints goes to stderr.
"""

from __future__ import annotations

import os
import pickle
import sys
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter as _LiteRtInterpreter

Arrays = list[npt.NDArray[Any]]


class Interpreter(Protocol):
    """One model, loaded."""

    def run(self, inputs: Arrays) -> Arrays:
        """All outputs of one inference."""
        ...


class Tflm:
    """TensorFlow Lite Micro's interpreter."""

    def __init__(self, model: bytes, outputs: int, arena_size: int) -> None:
        from tflite_micro import runtime

        self._interpreter = runtime.Interpreter.from_bytes(model, arena_size=arena_size)
        self._outputs = outputs

    def run(self, inputs: Arrays) -> Arrays:
        """See :class:`Interpreter`."""
        for index, array in enumerate(inputs):
            self._interpreter.set_input(array, index)
        self._interpreter.invoke()
        return [np.array(self._interpreter.get_output(index)) for index in range(self._outputs)]


def litert_interpreter(model: bytes) -> tuple[_LiteRtInterpreter, bool]:
    """LiteRT's interpreter on one thread, tensors allocated, and whether it has XNNPACK: as it comes, unless XNNPACK
    refuses the model, which LiteRT then refuses too, although its own kernels run it.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(model_content=model, num_threads=1)
    try:
        interpreter.allocate_tensors()
    except RuntimeError as error:
        if "XNNPACK" not in str(error).upper():
            raise
        plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        interpreter = Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=plain)
        interpreter.allocate_tensors()
        return interpreter, False
    return interpreter, True


class LiteRt:
    """LiteRT's interpreter: see :func:`litert_interpreter`."""

    def __init__(self, model: bytes, outputs: int, arena_size: int) -> None:
        self._model = model  # the interpreter reads it where it lies
        self._interpreter, _ = litert_interpreter(model)
        self._inputs = [detail["index"] for detail in self._interpreter.get_input_details()]
        self._outputs = [detail["index"] for detail in self._interpreter.get_output_details()]

    def run(self, inputs: Arrays) -> Arrays:
        """See :class:`Interpreter`."""
        for index, array in zip(self._inputs, inputs, strict=True):
            self._interpreter.set_tensor(index, array)
        self._interpreter.invoke()
        return [np.array(self._interpreter.get_tensor(index)) for index in self._outputs]


KINDS: dict[str, type[Tflm] | type[LiteRt]] = {"tflm": Tflm, "litert": LiteRt}


def run_batch(interpreter: Interpreter, inputs: Arrays) -> Arrays:
    """All outputs, with a row for each row of the inputs."""
    runs = [interpreter.run([array[row] for array in inputs]) for row in range(len(inputs[0]))]
    return [np.stack(outputs) for outputs in zip(*runs, strict=True)]


def main() -> None:
    """Answers requests until the client hangs up."""
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    make = KINDS[sys.argv[1]]
    loaded: dict[object, Interpreter] = {}
    while True:
        try:
            verb, key, *arguments = pickle.load(requests)
        except EOFError:
            return
        try:
            if verb == "load":
                loaded[key] = make(*arguments)
                answer: tuple[str, Any] = ("done", [])
            elif verb == "batch":
                answer = ("done", run_batch(loaded[key], *arguments))
            else:
                answer = ("done", loaded[key].run(*arguments))
        except Exception as error:  # whatever the runtime has to say is the answer
            answer = ("refused", f"{type(error).__name__}: {error}")
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    main()
