"""Any model on any backends, held to TensorFlow Lite Micro's wheel, byte by byte.

    model = one_operator("PAD", [tensor((1, 4, 4, 2)), constant(paddings, "int32")], tensor((1, 6, 6, 2)))
    assert_equals_tflm(model, random_batches(model), tflm, backends=[RefBackend(), NativeBackend()])

In property tests, where TFLM refuses some of the drawn models, :func:`compare_with_tflm` says how it went, and
:func:`tests.support.tally.compare_drawn` counts it.

``tflm`` is the fixture of that name: one process for all tests. A comparison takes a few milliseconds. NativeBackend
compiles each model for 0.2 s or more; call by call, as ``FallbackBackend(native)``, all models run on one library.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ember_infer_core import InternalError, KernelBackend, KernelError, ModelError, UnsupportedOperator
from ember_infer_macros import load_program
from ember_infer_macros.runtime import Runtime
from ember_infer_ref import RefBackend
from tests.support.backends import every_backend
from tests.support.contents import model_ports
from tests.support.describe import describe_model
from tests.support.tflm import Tflm, TflmError

__all__ = [
    "EQUAL",
    "REFUSED_BY_BOTH",
    "REFUSED_BY_TFLM_ALONE",
    "REFUSED_BY_US_ALONE",
    "Arrays",
    "OnlyTflmRefuses",
    "OnlyWeRefuse",
    "assert_equal",
    "assert_equals_tflm",
    "compare_with_tflm",
    "difference",
    "run_on",
]

Arrays = list[npt.NDArray[Any]]

EQUAL = "equal"
REFUSED_BY_BOTH = "refused by both"
REFUSED_BY_US_ALONE = "refused by us alone"
REFUSED_BY_TFLM_ALONE = "refused by TFLM alone"
FARTHEST = 2**62
# One model in so many goes through `predict_quantized`.
PREDICTED = 8


class OnlyTflmRefuses(AssertionError):
    """This project runs a model that TFLM refuses or stops at.

    Attributes:
        refusal: how TFLM put it.
    """

    def __init__(self, model: bytes, refusal: TflmError) -> None:
        super().__init__(f"only TFLM refuses this model: {type(refusal).__name__}: {refusal}\n{describe_model(model)}")
        self.refusal = refusal


class OnlyWeRefuse(AssertionError):
    """TFLM runs a model that this project refuses.

    Attributes:
        refusal: our error.
    """

    def __init__(self, model: bytes, refusal: ModelError | KernelError) -> None:
        super().__init__(f"only we refuse this model: {type(refusal).__name__}: {refusal}\n{describe_model(model)}")
        self.refusal = refusal


def assert_equals_tflm(
    model: bytes,
    batches: Sequence[Arrays | None],
    tflm: Tflm,
    backends: Sequence[KernelBackend] | None = None,
    *,
    ulp: int = 0,
) -> None:
    """Asserts that TFLM and every backend run the model and that all outputs are the same.

    Args:
        model: content of a .tflite file.
        batches: for each inference, an array for each input; None for a reset of all state.
        tflm: the oracle.
        backends: by default :func:`~tests.support.backends.every_backend`.
        ulp: by how many units in the last place a float32 of RefBackend may differ; 0 asks for equal bits, as do all
            other backends. NaN equals NaN.
    """
    went = compare_with_tflm(model, batches, tflm, backends, ulp=ulp)
    assert went == EQUAL, f"{went}\n{describe_model(model)}"


def compare_with_tflm(
    model: bytes,
    batches: Sequence[Arrays | None],
    tflm: Tflm,
    backends: Sequence[KernelBackend] | None = None,
    *,
    ulp: int = 0,
    only_we_refuse: Sequence[str] = (),
    only_tflm_refuses: Sequence[str] = (),
) -> str:
    """Runs a model on both sides; returns how it went: ``EQUAL``, ``REFUSED_BY_BOTH`` or one of the excused cases.

    Args:
        model: see :func:`assert_equals_tflm`.
        batches: likewise.
        tflm: likewise.
        backends: likewise.
        ulp: likewise.
        only_we_refuse: words of our messages for what TFLM runs and this project refuses on purpose.
        only_tflm_refuses: words of TFLM's messages for what this project runs all the same.

    Raises:
        AssertionError: outputs differ.
        OnlyTflmRefuses: TFLM refuses the model, we do not, and nothing excuses it.
        OnlyWeRefuse: the other way round.
    """
    chosen = every_backend() if backends is None else backends
    try:
        theirs = tflm.run(model, batches, len(model_ports(model)[1]))
    except TflmError as refusal:
        return _refused_by_tflm(model, batches, chosen, refusal, only_tflm_refuses)
    try:
        ours = run_on(chosen, model, batches)
    except (ModelError, KernelError) as error:
        if any(words in str(error) for words in only_we_refuse):
            return REFUSED_BY_US_ALONE
        raise OnlyWeRefuse(model, error) from error
    for backend, results in zip(chosen, ours, strict=True):
        found = difference(results, theirs, ulp if isinstance(backend, RefBackend) else 0)
        assert not found, f"{type(backend).__name__}, {found}\n{describe_model(model)}"
    return EQUAL


def _refused_by_tflm(
    model: bytes,
    batches: Sequence[Arrays | None],
    backends: Sequence[KernelBackend],
    refusal: TflmError,
    excuses: Sequence[str],
) -> str:
    if all(_refuses(backend, model, batches) for backend in backends):
        return REFUSED_BY_BOTH
    if any(words in str(refusal) for words in excuses):
        return REFUSED_BY_TFLM_ALONE
    raise OnlyTflmRefuses(model, refusal) from refusal


def _refuses(backend: KernelBackend, model: bytes, batches: Sequence[Arrays | None]) -> bool:
    try:
        run_on([backend], model, batches)
    except (UnsupportedOperator, InternalError):
        raise  # a gap in a backend, or its fault: no refusal of the model
    except (ModelError, KernelError):
        return True
    return False


def run_on(backends: Sequence[KernelBackend], model: bytes, batches: Sequence[Arrays | None]) -> list[list[Arrays]]:
    """For each backend and inference, all outputs: through a session; of one model in eight, and of all with state, the
    first time through ``predict_quantized`` as well.

    That compiles and plans once more, which for most models takes longer than all else. And all is without the model's
    class: its source is written and compiled for longer than a small model runs, and what it does depends on the
    model's ports alone (tests/macros).
    """
    runtime = Runtime(load_program(model))
    predicts = bool(runtime.program.variables) or not zlib.crc32(model) % PREDICTED
    return [_run(runtime, backend, batches, predicts) for backend in backends]


def _run(runtime: Runtime, backend: KernelBackend, batches: Sequence[Arrays | None], predicts: bool) -> list[Arrays]:
    session = runtime.bind(backend)
    results = []
    for inputs in batches:
        if inputs is None:
            session.reset()
            continue
        for buffer, array in zip(session.inputs, inputs, strict=True):
            assert array.dtype == buffer.dtype, f"the input is {buffer.dtype}, not {array.dtype}"
            buffer[...] = array
        session.run()
        results.append([output.copy() for output in session.outputs])
    if predicts:
        _check_prediction(runtime, backend, batches, results)
    return results


def _check_prediction(
    runtime: Runtime, backend: KernelBackend, batches: Sequence[Arrays | None], results: list[Arrays]
) -> None:
    first = next(inputs for inputs in batches if inputs is not None)
    predicted = [np.zeros_like(output) for output in results[0]]
    runtime.predict_quantized(backend, first, predicted)
    found = difference([predicted], results[:1], names=("predict_quantized", "the session"))
    assert not found, f"{type(backend).__name__}, {found}"


def assert_equal(ours: Sequence[Arrays], theirs: Sequence[Arrays], ulp: int = 0) -> None:
    """Same types, shapes and contents, for each inference and output."""
    found = difference(ours, theirs, ulp)
    assert not found, found


def difference(
    first: Sequence[Arrays], second: Sequence[Arrays], ulp: int = 0, names: tuple[str, str] = ("ours", "TFLM")
) -> str:
    """The first difference between outputs, for each inference all of them, in words; empty where there is none."""
    for inference, pair in enumerate(zip(first, second, strict=True)):
        for index, (one, other) in enumerate(zip(*pair, strict=True)):
            found = _array_difference(one, other, ulp, names)
            if found:
                return f"inference {inference}, output {index}: {found}"
    return ""


def _array_difference(one: npt.NDArray[Any], other: npt.NDArray[Any], ulp: int, names: tuple[str, str]) -> str:
    if (one.dtype, one.shape) != (other.dtype, other.shape):
        return f"{names[0]} {one.dtype}{list(one.shape)}, {names[1]} {other.dtype}{list(other.shape)}"
    wrong = ulps(one, other) > ulp if one.dtype == np.float32 else one != other
    count = int(np.count_nonzero(wrong))
    if not count:
        return ""
    where = tuple(int(axis) for axis in np.argwhere(wrong)[0])
    values = f"{names[0]} {one[where].item()!r}, {names[1]} {other[where].item()!r}"
    return f"{count} of {one.size} elements differ, first at {where}: {values}"


def ulps(first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """How many float32 lie between two arrays' elements, one more for 0 and -0; 0 between two NaNs."""
    distance: npt.NDArray[np.int64] = np.asarray(np.abs(_ordered(first) - _ordered(second)))
    distance[np.isnan(first) != np.isnan(second)] = FARTHEST
    distance[np.isnan(first) & np.isnan(second)] = 0
    return distance


def _ordered(values: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Whole numbers in the floats' order, neighbours next to each other, and -0 below 0."""
    bits = np.atleast_1d(np.ascontiguousarray(values)).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF) - 1, bits).reshape(values.shape)
