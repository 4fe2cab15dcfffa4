"""Files of compiled models: damaged, and who may write them."""

from __future__ import annotations

import os
from pathlib import Path

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
