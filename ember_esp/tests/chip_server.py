"""ESP-NN's own kernels, translated from the chips' assembly, as processes that answer calls.

The translation and its licence are not this repository's: they lie beside the published models (``EMBER_TEST_DATA``),
with a script that builds them. Built once, they stay in the user's cache.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from typing_extensions import Self

from ember_infer_native.file_lock import file_lock
from tests.conftest import skip_or_fail
from tests.support.debian import compiles_for_32_bits

__all__ = ["Answer", "ChipServer", "Placed", "Variant", "built_servers"]

_PATIENCE = 600.0
_WROTE_OUTSIDE, _OVERRAN_SCRATCH, _CHANGED_AN_INPUT, _UNDEFINED, _CRASHED = 1, 2, 4, 8, 16
_WRONG = _WROTE_OUTSIDE | _OVERRAN_SCRATCH | _CHANGED_AN_INPUT | _UNDEFINED | _CRASHED


class Variant:
    """Which kernels a server runs, and who chooses among them."""

    ANSI = 0
    GENERIC = 1
    CHIP = 2
    CHIP_AS_RUST_DRIVES_IT = 3


@dataclass(frozen=True)
class Placed:
    """A buffer, and how many bytes after a multiple of 16 it starts; without content it is a null pointer."""

    content: npt.NDArray[Any] | None
    offset: int = 0

    def bytes(self) -> bytes:
        return b"" if self.content is None else np.ascontiguousarray(self.content).tobytes()


@dataclass(frozen=True)
class Answer:
    """What a kernel left behind.

    Attributes:
        output: its bytes.
        touched: of the scratch, from its start to the last byte that changed.
        flags: what it did that no kernel may do, as bits.
    """

    output: npt.NDArray[np.int8]
    touched: int
    flags: int

    @property
    def is_sound(self) -> bool:
        """Whether it kept to its buffers, and its answer follows from what it was given."""
        return not self.flags & _WRONG

    @property
    def overran_its_scratch(self) -> bool:
        return bool(self.flags & _OVERRAN_SCRATCH)

    @property
    def wrote_outside_its_output(self) -> bool:
        return bool(self.flags & _WROTE_OUTSIDE)


class ChipServer:
    """A process that runs kernels; a context manager."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to: IO[bytes] = self._process.stdin
        self._from: IO[bytes] = self._process.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._to.close()
        self._from.close()
        self._process.wait()

    def run(
        self,
        operator: int,
        variant: int,
        integers: Sequence[int],
        buffers: Sequence[Placed],
        output: tuple[int, int],
        scratch: int = 0,
        seed: int = 1,
    ) -> Answer:
        """Runs a kernel twice, over other undefined memory each time.

        Args:
            operator: by its number in the server.
            variant: of :class:`Variant`.
            integers: sizes and attributes, in the server's order.
            buffers: the inputs and constants, in the server's order.
            output: how long it is, and how many bytes after a multiple of 16 it starts.
            scratch: how long it is; it starts at a multiple of 16.
            seed: of what undefined memory holds.
        """
        contents = [buffer.bytes() for buffer in buffers]
        length, offset = output
        self._send(operator, variant, integers, (len(buffers), length, offset, scratch, seed))
        self._to.write(struct.pack(f"<{len(buffers)}i", *map(len, contents)))
        self._to.write(struct.pack(f"<{len(buffers)}i", *(buffer.offset for buffer in buffers)))
        self._to.write(b"".join(contents))
        self._to.flush()
        flags, touched = struct.unpack("<2i", self._read(8))
        return Answer(np.frombuffer(self._read(length), np.int8), touched, flags)

    def scratch_size(self, operator: int, integers: Sequence[int]) -> int:
        """What the kernels' own function asks for."""
        self._send(operator, 0, integers, (0, 0, 0, 0, 1))
        self._to.flush()
        (size,) = struct.unpack("<i", self._read(4))
        return int(size)

    def _send(self, operator: int, variant: int, integers: Sequence[int], rest: tuple[int, ...]) -> None:
        buffers, *others = rest
        self._to.write(struct.pack("<8i", operator, variant, len(integers), buffers, *others))
        self._to.write(struct.pack(f"<{len(integers)}i", *integers))

    def _read(self, size: int) -> bytes:
        content = self._from.read(size)
        assert len(content) == size, f"the kernel server ended with {self._process.poll()}"
        return content


def built_servers(shared: Path) -> Path:
    """The folder of the servers, which are built if they are not there or their sources are others."""
    sources = shared / "esp_nn"
    if not (sources / "emulate" / "build.sh").is_file():
        skip_or_fail(f"no ESP-NN in {sources}")
    folder = _cache() / _digest(sources)
    with file_lock(folder.with_suffix(".lock"), _PATIENCE):
        if not folder.is_dir():
            compiles_for_32_bits()
            building = folder.with_suffix(".building")
            shutil.rmtree(building, ignore_errors=True)
            command = ["bash", str(sources / "emulate" / "build.sh"), str(building)]
            built = subprocess.run(command, capture_output=True, text=True, check=False)
            assert built.returncode == 0, built.stderr[-2000:]
            building.rename(folder)
    return folder


def _cache() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "ember-infer-tests" / "esp-nn"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _digest(sources: Path) -> str:
    content = hashlib.sha256()
    for path in sorted(path for path in sources.rglob("*") if path.is_file()):
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:16]
