"""Readers: recorded logs of any tool become runs. One file a format; ``sniff`` judges by content."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import IO

from descentry.core.data import Run
from descentry.core.errors import DescentryError, NotFoundError, SeveralRunsError, listed, nearest
from descentry.readers._entry import Reader
from descentry.readers._folder import Progress, read_folder
from descentry.readers._one import read_one, reader_for
from descentry.readers._source import source_of, source_of_stream

__all__ = ["Progress", "Reader", "from_bytes", "from_stream", "read", "read_all"]


def read(source: str | os.PathLike[str], *, step: str | None = None) -> Run:
    """The run recorded in a file, or in a folder that holds one run.

    Args:
        source: A log of any format in ``descentry list readers``.
        step: Name of the column or metric that counts optimizer updates; found when not given.

    Raises:
        DescentryError: Nothing is there, nothing recognises it, or it holds no curve.
        SeveralRunsError: It holds several runs.
    """
    runs = read_all(source, step=step)
    if len(runs) > 1:
        names = [run.name for run in runs]
        raise SeveralRunsError(
            f"{len(runs)} runs are here, not one: {listed(names)}",
            where=str(source),
            how="Use descentry.read_all(), or descentry.explain_all() to compare them.",
            runs=names,
        )
    return runs[0]


def read_all(
    source: str | os.PathLike[str], *, step: str | None = None, progress: Progress | None = None
) -> list[Run]:
    """Every run recorded in a file or below a folder, in the order of their paths.

    Files below a folder that no reader recognises are passed over; those that cannot be read are noted in
    the gaps of the first run.

    Args:
        source: A file or a folder.
        step: Name of the column or metric that counts optimizer updates; found when not given.
        progress: Called with (files done, files in all, path) while a folder is read.

    Raises:
        DescentryError: Nothing is there, or nothing in it can be read.
    """
    path = Path(source).expanduser()
    where = str(source)
    if not path.exists():
        _refuse_missing(path, where)
    if path.is_dir():
        return read_folder(path, where, step, progress)
    try:
        one = source_of(path, where)
        return read_one([one], reader_for(one), step)
    except OSError as error:
        raise DescentryError(f"it cannot be read: {error.strerror or error}", where=where) from None


def from_bytes(data: bytes, *, name: str = "standard input", step: str | None = None) -> list[Run]:
    """Every run in the bytes of a log; as :func:`from_stream`."""
    return from_stream(io.BytesIO(data), name=name, step=step)


def from_stream(stream: IO[bytes], *, name: str = "standard input", step: str | None = None) -> list[Run]:
    """Every run in a log that comes through a pipe.

    Raises:
        DescentryError: The log is empty, too long, or no reader recognises it, or it holds no curve.
    """
    source = source_of_stream(stream, name)
    return read_one([source], reader_for(source), step)


def _refuse_missing(path: Path, where: str) -> None:
    if path.is_symlink():
        how = f"It leads to {os.readlink(path)}."
        raise NotFoundError("this is a link to what is not there", where=where, how=how)
    siblings: list[str] = []
    with contextlib.suppress(OSError):  # not every folder may be listed
        siblings = [p.name for p in path.parent.iterdir()]
    close = nearest(path.name, siblings)
    if close:
        how = f"Did you mean {path.parent / close}?"
    else:
        how = f"The folder {path.parent} does not {'hold it' if path.parent.is_dir() else 'exist either'}."
    raise NotFoundError("no such file or folder", where=where, how=how)
