"""Files that are written whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

__all__ = ["write_whole"]

_BINARY = getattr(os, "O_BINARY", 0)


def write_whole(path: str | os.PathLike[str], data: bytes, private: bool = False) -> None:
    """Write a temporary file in the same folder, flush it to the disk, and rename it over the old one.

    Parameters
    ----------
    path : path-like
    data : bytes
    private : bool
        For the owner of the file alone: mode 0600.

    Raises
    ------
    OSError
        The old file is as it was.
    """
    path = Path(os.path.realpath(path))  # a link stays a link
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    mode = 0o600 if private else 0o666  # less the umask
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
