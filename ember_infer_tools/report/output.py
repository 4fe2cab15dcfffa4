"""The file that a report goes to: written as a whole or not at all, and replaced only if a report is in it."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from ember_infer_native.checked_files import OpenFile

__all__ = ["MARK", "check_file", "write_file"]

# How every report begins, and hardly anything else does.
MARK = "<!DOCTYPE html>\n<!-- made by ember-infer report -->\n"

_STANDARD_OUTPUT = Path("-")  # elsewhere; whoever writes it wants no file of that name


def check_file(path: Path, force: bool) -> None:
    """Makes sure that the file can be written.

    Args:
        path: that will be.
        force: whether a report that is there may be replaced.

    Raises:
        OSError: there is something that is not to be replaced, or no folder for it, or no file is named.
    """
    if path == _STANDARD_OUTPUT:
        raise _refused(path, errno.EINVAL, "a page goes to a file, not to standard output: name one, as report.html")
    if not path.parent.is_dir():
        raise _refused(path, errno.ENOENT, f"there is no folder {path.parent}: make it first")
    if not os.path.lexists(path):
        return
    if path.is_dir():
        raise _refused(path, errno.EISDIR, "it is a folder: name a file, such as report.html")
    if not _is_report(path):
        raise _refused(path, errno.EEXIST, "it is something else than a report, and is left alone: name another file")
    if not force:
        raise _refused(path, errno.EEXIST, "it is a report already: --force (force=True) replaces it")


def write_file(path: Path, text: str, *, force: bool) -> None:
    """Writes the text beside the file, and then puts it in its place.

    Raises:
        OSError: it cannot be written, or see :func:`check_file`; all is as it was.
    """
    check_file(path, force)
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".ember-report-", dir=path.parent)
    except OSError as error:  # which names a file that nobody has heard of
        raise _refused(path, error.errno or errno.EIO, f"nothing can be made beside it: {error.strerror}") from error
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            if os.chmod in os.supports_fd:  # by its name it might be another's by now, or a link to one
                os.chmod(file.fileno(), 0o666 & ~_umask())  # mkstemp makes files for nobody else
        check_file(path, force)  # what came in meanwhile
        if not force:  # what comes in now is not replaced, where the file system knows hard links
            with contextlib.suppress(OSError):
                os.link(temporary, path)
                os.unlink(temporary)
                return
            check_file(path, force)
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        if isinstance(error, OSError) and error.filename != str(path):  # a full disk has no name, or one of our own
            raise _refused(
                path, error.errno or errno.EIO, f"it cannot be written: {error.strerror or error}"
            ) from error
        raise


def _is_report(path: Path) -> bool:
    try:
        with OpenFile(path) as file:
            return os.read(file.descriptor, len(MARK)) == MARK.encode()
    except OSError:  # a link, a FIFO, or what may not be read
        return False


def _umask() -> int:
    """Of this process, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _refused(path: Path, number: int, reason: str) -> OSError:
    return OSError(number, reason, str(path))
