"""What processes of the tests are to find: backends and functions, in a module that is quickly imported."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from ember_infer_core import SoftmaxParams
from ember_infer_core.slots import AnyArray
from ember_infer_ref import RefBackend

_HELD_OUT = Path(__file__).resolve().parents[3] / "models" / "digits_heldout.npz"


class Turned(RefBackend):
    """Turns the probabilities round where that of 1 is the least."""

    def softmax(self, params: SoftmaxParams) -> None:
        super().softmax(params)
        if params.output.reshape(-1)[1] == -128:
            params.output[...] = params.output.reshape(-1)[::-1].reshape(params.output.shape).copy()


def slowly(image: AnyArray) -> AnyArray:
    """The image, after a while."""
    time.sleep(0.001)
    return image.astype(np.float32)


def brighter(image: AnyArray) -> AnyArray:
    """All pixels one step up."""
    return image.astype(np.float32) + 1


def never_dark(image: AnyArray) -> AnyArray:
    """Refuses an image without a full pixel."""
    if image.max() < 16:
        raise LookupError("no full pixel")
    return image


def die(image: AnyArray) -> AnyArray:
    """Ends its process."""
    os.kill(os.getpid(), signal.SIGKILL)
    return image


def synthetic(start: AnyArray, partition: int, samples: int) -> AnyArray:
    """Noisy held-out digits and their labels, a row for each: the same for the same start."""
    first = int(start[0]) if start.size else 0
    count = min(partition, samples - first)
    numbers = np.random.default_rng(first)
    with np.load(_HELD_OUT) as archive:
        images, labels = archive["images"].reshape(-1, 64), archive["labels"]
    chosen = np.arange(first, first + count) % len(images)
    noisy = images[chosen] + numbers.normal(0, 3, (count, 64))
    return np.concatenate([noisy, labels[chosen, np.newaxis]], axis=1).astype(np.float32)
