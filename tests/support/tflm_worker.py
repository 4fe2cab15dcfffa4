"""The process that runs TensorFlow Lite Micro for `tests.support.tflm`; not for import.

TFLM stops its process by signal on some models. So this process only imports it, once, and forks a child that serves
requests; when the child dies, it says so to the client and forks the next.
"""

from __future__ import annotations

import os
import sys
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt
from tflite_micro import runtime

Arrays = list[npt.NDArray[Any]]
Request = tuple[bytes, list[Arrays | None], int, int]


def infer(model: bytes, batches: list[Arrays | None], outputs: int, arena_size: int) -> list[Arrays]:
    """All outputs of the model, for each tuple of inputs; None stands for a reset."""
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=arena_size)
    results = []
    for inputs in batches:
        if inputs is None:
            interpreter.reset()
            continue
        for index, array in enumerate(inputs):
            interpreter.set_input(array, index)
        interpreter.invoke()
        results.append([np.array(interpreter.get_output(index)) for index in range(outputs)])
    return results


def serve(connection: Connection) -> None:
    """Answers requests until the client hangs up."""
    while True:
        try:
            request: Request = connection.recv()
        except EOFError:
            return
        try:
            answer: tuple[str, Any] = ("done", infer(*request))
        except Exception as error:  # whatever TFLM has to say is the answer
            answer = ("refused", f"{type(error).__name__}: {error}")
        connection.send(answer)


def main() -> None:
    """Keeps one serving child alive until the client hangs up."""
    connection = Connection(int(sys.argv[1]))
    while True:
        child = os.fork()
        if child == 0:
            serve(connection)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return
        connection.send(("died", -code))


if __name__ == "__main__":
    main()
