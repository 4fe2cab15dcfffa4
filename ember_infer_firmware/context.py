"""What planning a layer has at hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ember_infer_core.memory import ALIGNMENT
from ember_infer_core.slots import AnyArray, Shape
from ember_infer_firmware.step import Constant, Place

__all__ = [
    "CORES",
    "OWN",
    "Constants",
    "Context",
    "Core",
    "Names",
    "ScratchLen",
    "check_model_name",
    "identifier",
    "model_name",
]

# Between a model's name and a layer's, which never has two of them together: so the layer v2_conv of a model kws is not
# the layer conv of kws_v2, where one firmware has both.
OWN = "__"
_NAME_LENGTH = 48  # of what a model's file contributes to a name in C
_C_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KERNELS = ("ember", "esp_nn")  # what their names begin with
_CMSIS_NN = "arm_nn"  # what those of Arm's headers do
# Beside a file of ours of such a name, <string.h> may mean ours: C's and POSIX's, those that they include where there
# is no telling that they do (glibc's <stdint.h> has <features.h>), and what a firmware's own sources do.
_HEADERS = (
    "assert complex ctype errno fenv float inttypes iso646 limits locale math memory setjmp signal stdalign stdarg "
    "stdatomic stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string strings tgmath threads time uchar "
    "unistd wchar wctype "
    "aio cpio dirent dlfcn fcntl fmtmsg fnmatch ftw glob grp iconv langinfo libgen mqueue ndbm netdb nl_types poll "
    "pthread pwd regex sched search semaphore spawn stropts syslog tar termios trace ulimit utime utmpx wordexp "
    "alloca endian features malloc newlib picolibc reent xlocale arduino sdkconfig"
)
# What CMake calls targets of its own: there is no library of such a name.
_TARGETS = (
    "all all_build clean edit_cache help install package package_source preinstall rebuild_cache run_tests test "
    "zero_check"
)
_TAKEN = frozenset((*_HEADERS.split(), *_TARGETS.split()))


@dataclass(frozen=True, slots=True)
class Core:
    """What code may be compiled for.

    Attributes:
        defined: how C asks.
        words: what it is, for people.
    """

    defined: str
    words: str


# The cores on which scratch depends, in the order in which to ask.
CORES: Mapping[str, Core] = {
    "mve": Core("defined(__ARM_FEATURE_MVE)", "Arm with vectors"),
    "dsp": Core("defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP == 1", "Arm with DSP extension"),
    "esp32s3": Core("defined(CONFIG_IDF_TARGET_ESP32S3)", "ESP32-S3"),
    "esp32p4": Core("defined(CONFIG_IDF_TARGET_ESP32P4)", "ESP32-P4"),
}


def identifier(text: str) -> str:
    """What is left of a text in a name in C, in lower case; ``model`` if nothing is."""
    plain = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_").lower()[:_NAME_LENGTH].strip("_")
    if not plain:
        return "model"
    return f"m{plain}" if plain[0].isdigit() else plain


@dataclass(frozen=True, slots=True)
class ScratchLen:
    """Bytes of scratch, which for a library's kernels depend on the core that they are compiled for.

    Attributes:
        plain: where nothing else is said.
        dsp: with Arm's DSP extension (Cortex-M4); None for as many as ``plain``, as below.
        mve: with Arm's vectors (Cortex-M55).
        esp32s3, esp32p4: on Espressif's chips with vectors.
    """

    plain: int = 0
    dsp: int | None = None
    mve: int | None = None
    esp32s3: int | None = None
    esp32p4: int | None = None

    def __post_init__(self) -> None:
        for name in CORES:
            if getattr(self, name) is None:
                object.__setattr__(self, name, self.plain)

    def on(self, core: str) -> int:
        """On one of :data:`CORES`, or ``"plain"``."""
        length: int = getattr(self, core)
        return length

    def largest(self, other: ScratchLen) -> ScratchLen:
        """What suffices for both."""
        cores = {core: max(self.on(core), other.on(core)) for core in CORES}
        return ScratchLen(max(self.plain, other.plain), **cores)


def model_name(text: str) -> str:
    """A name for a model that :func:`check_model_name` takes, from its file's."""
    name = identifier(text)
    return f"model_{name}" if _is_taken(name) else name


def check_model_name(name: str) -> None:
    """Checks that files and names in C may begin with ``name``.

    Raises:
        ValueError: says why not.
    """
    if not _C_NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} cannot begin names in C: take an ASCII letter, then such letters, digits and underscores"
        )
    if _is_taken(name):
        raise ValueError(
            f"{name!r} could be taken for a header of a C library, a target of CMake or the kernels: take another name"
        )


def _is_taken(name: str) -> bool:
    lower = name.lower()
    own = lower in _KERNELS or lower.startswith(tuple(f"{one}_" for one in _KERNELS))
    return own or lower in _TAKEN or lower.startswith(_CMSIS_NN)


class Names:
    """Names in C, each once.

    Args:
        taken: those that are there already.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._used = set(taken)
        self._last: dict[str, int] = {}  # number for each wanted name: thousands may want the same one

    def of(self, wanted: str) -> str:
        """This name, or where it is taken, one with a number."""
        name = wanted
        while name in self._used:
            self._last[wanted] = self._last.get(wanted, 1) + 1
            name = f"{wanted}_{self._last[wanted]}"
        self._used.add(name)
        return name


@dataclass(slots=True)
class Constants:
    """The arrays of the weights' file. Equal ones are there once.

    Attributes:
        prefix: of all names, which go on with :data:`OWN`.
    """

    prefix: str
    arrays: dict[tuple[str, bytes], Constant] = field(default_factory=dict)
    _names: Names = field(default_factory=Names)

    def add(self, name: str, array: AnyArray) -> Constant:
        """An array under this name, or under the one that it already has."""
        flat = np.array(array, order="C").reshape(-1)  # a copy, which is aligned whatever the array was
        key = (flat.dtype.str, flat.tobytes())
        found = self.arrays.get(key)
        if found is None:
            found = self.arrays[key] = Constant(self._names.of(f"{self.prefix}{OWN}{name}"), flat)
        return found


@dataclass(slots=True)
class Context:
    """For one program.

    Attributes:
        kernels: the kind of kernels that is wanted.
        constants: of the whole program.
        layer: name of the layer that is planned.
        scratch_len: bytes of scratch that some layer asks for; each has it to itself while it runs.
        known: what took long to find out, for other calls that need the same.
    """

    kernels: str
    constants: Constants
    layer: str = ""
    scratch_len: ScratchLen = field(default_factory=ScratchLen)
    known: dict[object, Any] = field(default_factory=dict)
    _layer_scratch: int = 0

    def begin(self, layer: str) -> None:
        """Starts a layer: its scratch begins anew."""
        self.layer, self._layer_scratch = layer, 0

    def constant(self, role: str, array: AnyArray) -> Constant:
        """An array that the layer reads, of the type that the struct's field has; ``role`` is for its name."""
        return self.constants.add(f"{self.layer}_{role}", array)

    def scratch(self, shape: Shape, dtype: type[np.generic] = np.uint8) -> Place:
        """Memory of the layer's own while it runs, aligned to 16 bytes, its content undefined."""
        place = Place("scratch", shape, np.dtype(dtype), offset=self._layer_scratch)
        length = int(np.prod(shape)) * place.dtype.itemsize
        self._layer_scratch += -(-length // ALIGNMENT) * ALIGNMENT
        self.scratch_len = self.scratch_len.largest(ScratchLen(self._layer_scratch))
        return place

    def scratch_by_core(self, needed: ScratchLen) -> Place | None:
        """All scratch that a layer asks for, where that depends on the core; None if no core needs any."""
        self.scratch_len = self.scratch_len.largest(needed)
        return Place("scratch", (), np.dtype(np.uint8)) if needed != ScratchLen() else None
