"""What tells a model from other files, looked at before the rest is read or unpacked."""

from __future__ import annotations

import io
from typing import IO

from ember_infer_core.errors import ModelError
from ember_infer_macros.tflite import schema

__all__ = ["SMALLEST_FILE", "check_beginning", "read_model"]

SMALLEST_FILE = 12
_PIECE = 1 << 20


def read_model(source: str, file: IO[bytes], most: int, advice: str) -> bytes:
    """All of an open file, if it is a model; of any other, no more than its beginning.

    Args:
        source: its name, for messages.
        file: open at its beginning.
        most: how many bytes it may have.
        advice: what to say of one that has more.

    Raises:
        ModelError: it is no model, or too long.
    """
    beginning = file.read(SMALLEST_FILE)
    check_beginning(source, beginning)
    content = io.BytesIO()
    content.write(beginning)
    while piece := file.read(_PIECE):  # not all at once, which makes room for as much as may come
        if content.tell() + len(piece) > most:
            raise ModelError(source, advice)
        content.write(piece)
    return content.getvalue()


def check_beginning(source: str, content: bytes) -> None:
    """Checks length and identifier of a file, of which this is all or the beginning.

    Raises:
        ModelError: it is no model.
    """
    if len(content) < SMALLEST_FILE:
        raise ModelError(source, f"{len(content)} bytes are too few for a TensorFlow Lite model")
    if content[4:8] != schema.FILE_IDENTIFIER:
        found = content[4:8]
        raise ModelError(source, f"not a TensorFlow Lite model: the identifier at byte 4 is {found!r}, not b'TFL3'")
