"""Classes of small models that keep state, and the backends that they are tried on."""

from __future__ import annotations

from collections.abc import Callable

from ember_esp import EspBackend
from ember_infer_core import FallbackBackend, KernelBackend, RecordingBackend
from ember_infer_firmware import FirmwareBackend
from ember_infer_macros import QuantizedModel, Session, ember_model
from ember_infer_native import NativeBackend
from ember_infer_ref import RefBackend
from tests.conftest import REPOSITORY
from tests.support.stateful_models import running_sum, two_variables

BACKENDS: dict[str, Callable[[], KernelBackend]] = {
    "ref": RefBackend,
    "native": NativeBackend,
    "firmware": FirmwareBackend,
    "fallback": lambda: FallbackBackend(RefBackend()),
    "recording": lambda: RecordingBackend(RefBackend()),
    "esp": EspBackend,
}


@ember_model(running_sum())
class Sum(QuantizedModel): ...


@ember_model(running_sum(zero_point=3, initial=5))
class FromFive(QuantizedModel): ...


@ember_model(two_variables())
class Before(QuantizedModel): ...


@ember_model(REPOSITORY / "models/sine.tflite")
class Sine(QuantizedModel): ...


def run(session: Session, *values: int) -> list[int]:
    """The first element of each answer."""
    answers = []
    for value in values:
        session.input[...] = value
        session.run()
        answers.append(int(session.output[0, 0]))
    return answers
