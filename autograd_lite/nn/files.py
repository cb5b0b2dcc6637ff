"""Files that are written whole or not at all."""

import errno
import os
from pathlib import Path
from stat import S_IMODE
from typing import Any

from autograd_lite.core.checks import shown


def as_path(path: Any, argument: str) -> Path:
    """path as a Path, if it can name a file; else a TypeError or ValueError."""
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str):
        raise TypeError(f"{argument} must be a path such as 'folder/name', not {shown(path)}")
    if not text or "\0" in text:
        raise ValueError(f"{argument} must name a file, not {shown(path)}")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise ValueError(f"{argument} must have characters that a file's name can have, not {shown(path)}") from None
    return Path(text)


def as_target(path: Any, *suffixes: str) -> tuple[Path, str]:
    """The path of a file to be saved, and its suffix, one of these; else a ValueError that names them."""
    target = as_path(path, "save(path)")
    suffix = target.suffix.lower().lstrip(".")
    suffix = "html" if suffix == "htm" else suffix
    if suffix not in suffixes:
        *others, last = (f".{s}" for s in suffixes)
        endings = f"{', '.join(others)} or {last}" if others else last
        raise ValueError(f"save(path) must end in {endings}, not {os.fspath(path)!r}")
    return target, suffix


def write_whole(path: Path, content: bytes) -> None:
    """Write a file: whoever opens the path finds the old content or the new, whole, also if several write at once.

    The content goes to a draft of its own beside the file, which then takes its place in one step. A link stays a link
    to the file that is written, and a file keeps its permissions. An OSError leaves the old file and no draft.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {str(path.parent)!r}: make it first", str(path))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():  # a pipe or device has no place to take
        path.write_bytes(content)
        return
    target = Path(os.path.realpath(path))
    if target.is_symlink():  # links in a circle lead to no file
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    draft = target.with_name(f".{os.urandom(8).hex()}.draft")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(content)
        if target.exists():
            os.chmod(draft, S_IMODE(target.stat().st_mode))
        os.replace(draft, target)
    except OSError as error:
        if error.filename:
            error.filename, error.filename2 = str(path), None  # the draft's name says nothing to anybody
        raise
    finally:
        draft.unlink(missing_ok=True)
