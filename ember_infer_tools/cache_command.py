"""``ember-infer cache``: what is compiled and kept, and how to be rid of it."""

from __future__ import annotations

import time

import typer
from rich.console import Console

from ember_infer_tools.running import Command, Commands
from ember_infer_tools.terminal import Column, fitted, printable

__all__ = ["cache_app"]

cache_app: typer.Typer = typer.Typer(rich_markup_mode="rich", invoke_without_command=True, cls=Commands)

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


@cache_app.callback()
def cache(context: typer.Context) -> None:
    """Show or clear the compiled models that NativeBackend keeps.

    The first run of a model with NativeBackend compiles it to a shared library;
    later runs, in any process, load that library. Each belongs to one model,
    target, compiler and version of Ember Infer, and is compared with its
    checksum before use. Clearing is always safe: it costs one build per model.

    Libraries are in $EMBER_CACHE_DIR, else $XDG_CACHE_HOME/ember-infer, else
    ~/.cache/ember-infer. The least recently used give way when all together
    grow beyond 512 MB.
    """
    if context.invoked_subcommand is None:
        show()


@cache_app.command(cls=Command)
def show() -> None:
    """List what is kept: model, target, compiler, size, age and the seconds its build took."""
    from ember_infer_native.cache import LibraryCache

    kept = LibraryCache()
    entries = kept.entries()
    if not entries:
        print(f"nothing is kept in {kept.folder}")
        return
    names = [Column(heading, breaks="name") for heading in ("model", "target", "compiler")]
    figures = [Column(heading, right=True) for heading in ("size", "age", "build")]
    now, rows = time.time(), []
    for entry in entries:
        named = map(printable, (entry.model, entry.target, entry.compiler))
        rows.append([*named, _size(entry.size), _age(now - entry.built), f"{entry.seconds:.1f} s"])
    console = Console(highlight=False)
    console.print(fitted([*names, *figures], rows, console.width))
    libraries = "library" if len(entries) == 1 else "libraries"
    print(f"{len(entries)} {libraries}, {_size(sum(entry.size for entry in entries))}, in {kept.folder}")


@cache_app.command(cls=Command)
def clear() -> None:
    """Delete everything that is kept. Safe at any time: what is needed is built again."""
    from ember_infer_native.cache import LibraryCache

    kept = LibraryCache()
    freed = kept.clear()
    print(f"{_size(freed)} freed in {kept.folder}")


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{size / 1e3:.0f} kB" if size >= 1000 else f"{size} B"


def _age(seconds: float) -> str:
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return "now"
