"""What makes a build repeatable and checkable: one thread, fixed seeds, plain files, checksums."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

MODELS = Path(__file__).parent
CHECKSUMS = MODELS / "SHA256SUMS"


def make_deterministic(seed: int) -> None:
    """Lets PyTorch compute the same weights on every run on one machine: one thread, no racing kernels, fixed seed."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)


def publish(name: str, content: bytes) -> str:
    """Writes ``content`` beside this file, enters it in ``SHA256SUMS`` and returns a line that says so."""
    (MODELS / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    known = CHECKSUMS.read_text(encoding="ascii") if CHECKSUMS.exists() else ""
    CHECKSUMS.write_text(with_checksum(known, name, digest), encoding="ascii", newline="\n")
    return f"models/{name}: {len(content)} bytes, sha256 {digest}"


def with_checksum(checksums: str, name: str, digest: str) -> str:
    """``checksums``, in the format of sha256sum, with the entry of ``name`` added or replaced, sorted by name."""
    entries = {line.split("  ", 1)[1]: line.split("  ", 1)[0] for line in checksums.splitlines()}
    entries[name] = digest
    return "".join(f"{entries[key]}  {key}\n" for key in sorted(entries))
