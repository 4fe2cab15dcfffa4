"""How constants reach the compiler: as a file that the assembler reads.

A compiler takes seconds for a megabyte of numbers in braces, and next to nothing for ``.incbin``.
"""

from __future__ import annotations

import hashlib
import re

__all__ = ["blob_name", "incbin_source"]

_ALIGNMENT = 64  # bytes: a cache line, and the widest vector of any target
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")

_INCBIN = """\
#if defined(__APPLE__)
__asm__(".section __TEXT,__const\\n\\t.p2align {power}\\n\\t.globl _{symbol}\\n\\t.private_extern _{symbol}\\n"
        "_{symbol}:\\n\\t.incbin \\"{file}\\"\\n\\t.text\\n");
#else
__asm__(".pushsection .rodata,\\"a\\"\\n\\t.balign {alignment}\\n\\t.globl {symbol}\\n\\t.hidden {symbol}\\n"
        "\\t.type {symbol}, %object\\n{symbol}:\\n\\t.incbin \\"{file}\\"\\n\\t.size {symbol}, . - {symbol}\\n"
        "\\t.popsection\\n");
#endif
extern const unsigned char {symbol}[] __attribute__((aligned({alignment}), visibility("hidden")));
"""


def blob_name(data: bytes) -> str:
    """A file name that stands for exactly these bytes.

    A compiler with a cache of its own (ccache, sccache, zig) sees the text and not the file that ``.incbin`` names, and
    would hand out an object with the weights of yesterday. Here other weights are another text.
    """
    return f"weights-{hashlib.sha256(data).hexdigest()[:32]}.bin"


def incbin_source(symbol: str, file: str) -> str:
    """C that makes the bytes of a file a constant of the library.

    Args:
        symbol: the C name of the bytes, which the library keeps to itself.
        file: a plain file name in the compiler's working directory; :func:`blob_name` gives one.

    Returns:
        C for gcc and clang (zig is clang), ELF and Mach-O. It ends with the declaration of ``symbol`` as an array of
        ``const unsigned char``, aligned to 64 bytes.

    Raises:
        ValueError: the symbol is no C name, or the file name is not plain.
    """
    _check_symbol(symbol)
    if not _FILE_NAME.fullmatch(file):
        raise ValueError(f"{file!r}: a plain file name of letters, digits, '_', '-' and '.' is needed")
    return _INCBIN.format(symbol=symbol, file=file, alignment=_ALIGNMENT, power=_ALIGNMENT.bit_length() - 1)


def _check_symbol(symbol: str) -> None:
    if not _IDENTIFIER.fullmatch(symbol):
        raise ValueError(f"{symbol!r} is no name in C")
