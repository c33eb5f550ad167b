"""Readers: recorded logs of any tool become runs. One file a format; ``sniff`` judges by content."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from descentry.core import catalog
from descentry.core.data import Gap, Run
from descentry.core.errors import (
    DescentryError,
    NoCurveError,
    NotFoundError,
    SeveralRunsError,
    UnknownFormatError,
    listed,
    nearest,
)
from descentry.readers._assemble import assemble, stem_of
from descentry.readers._draft import Draft
from descentry.readers._entry import Reader
from descentry.readers._joining import concatenate
from descentry.readers._source import Source

__all__ = ["Reader", "from_bytes", "read", "read_all"]

MAX_FILES = 100_000
LAST_RESORT = 0.1  # readers this unsure are asked about a file that the user names, not about all in a folder
Progress = Callable[[int, int, str], None]


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
        return _read_folder(path, where, step, progress)
    return _read_one([Source(path, name=where)], _reader_for(Source(path, name=where)), step)


def from_bytes(data: bytes, *, name: str = "standard input", step: str | None = None) -> list[Run]:
    """Every run in a log that came through a pipe.

    Raises:
        DescentryError: The log is empty, no reader recognises it, or it holds no curve.
    """
    source = Source(None, name=name, data=data)
    return _read_one([source], _reader_for(source), step)


def _readers(*, folder: bool) -> list[Reader]:
    return [r for r in catalog.entries("readers").values() if r.folder == folder]


def _recognise(source: Source, least: float = 0.0) -> Reader | None:
    best = max(
        ((r.sniff(source), r) for r in _readers(folder=source.is_folder)),
        key=lambda pair: pair[0],
        default=None,
    )
    return best[1] if best is not None and best[0] > least else None


def _reader_for(source: Source) -> Reader:
    if not source.size:
        raise UnknownFormatError(
            "the file is empty", where=source.name, how="Has the run logged anything yet?"
        )
    reader = _recognise(source)
    if reader is None:
        kind = "text without a metric in it" if source.is_text else "a binary file of an unknown kind"
        raise UnknownFormatError(
            f"no reader recognises this: it looks like {kind}",
            where=source.name,
            how="`descentry list readers` names the formats that are read. "
            "Any text with `loss: VALUE` on its lines is, and so is a CSV with a header.",
        )
    return reader


def _read_one(sources: list[Source], reader: Reader, step: str | None) -> list[Run]:
    """Reads the parts of what one reader treats as one source.

    Raises:
        DescentryError: They cannot be read; it names them as the user did.
        NoCurveError: There is nothing in them.
    """
    first = sources[0]
    where = first.name if len(sources) == 1 else str(Path(first.name).parent)
    try:
        drafts = [draft for source in sources for draft in reader.read(source)]
    except DescentryError as error:
        if not error.where:
            error.locate(where)
        raise
    if len(sources) > 1:
        drafts = [_concatenate(drafts, len(sources))]
    runs = assemble(drafts, source=where, stem=stem_of(first.path), reader=reader.id, step=step)
    runs = [run for run in runs if any(len(s) for s in run.series)]
    if not runs:
        raise NoCurveError("there are no metrics in it", where=where, how=f"It was read as: {reader.title}.")
    return runs


def _concatenate(drafts: list[Draft], parts: int) -> Draft:
    """The parts of one run, one after another; rows go on counting."""
    joined = concatenate(drafts)
    joined.gaps.append(Gap("parts", f"the run was put together from {parts} files", parts))
    return joined


def _read_folder(folder: Path, where: str, step: str | None, progress: Progress | None) -> list[Run]:
    groups = list(_groups(folder, where))
    runs: list[Run] = []
    failed: list[DescentryError] = []
    for done, (sources, reader) in enumerate(groups):
        if progress is not None:
            progress(done, len(groups), sources[0].name)
        try:
            runs.extend(_read_one(sources, reader, step))
        except DescentryError as error:
            failed.append(error)
    if not runs and failed:
        raise failed[0]
    if not runs:
        raise NoCurveError(
            "no log of a training run is below this folder",
            where=where,
            how="`descentry list readers` names the formats that are read.",
            found=[p.name for p in sorted(folder.iterdir())[:12]],
        )
    notes = tuple(Gap("unreadable-file", str(error).splitlines()[0]) for error in failed)
    if notes:
        first = runs[0]
        runs[0] = Run(first.name, first.source, first.series, first.config, first.gaps + notes, first.reader)
    return runs


def _groups(folder: Path, where: str) -> Iterator[tuple[list[Source], Reader]]:
    """What there is to read below a folder: whole format folders, then files; those of one run at once.

    Raises:
        NoCurveError: It is no folder of logs but half a disk.
    """
    seen = 0
    for current, subfolders, files in os.walk(folder):
        subfolders[:] = sorted(
            d for d in subfolders if not d.startswith(".") and d not in {"__pycache__", "node_modules"}
        )
        here = Path(current)
        name = str(Path(where) / here.relative_to(folder))
        whole = Source(here, name=name)
        reader = _recognise(whole)
        if reader is not None:
            subfolders.clear()
            yield [whole], reader
            continue
        together: dict[str, tuple[Reader, list[Source]]] = {}
        for file in sorted(files):
            seen += 1
            if seen > MAX_FILES:
                raise NoCurveError(
                    f"more than {MAX_FILES:,} files are below this folder",
                    where=where,
                    how="Name a folder further down.",
                )
            source = Source(here / file, name=str(Path(name) / file))
            reader = _recognise_in_folder(source)
            if reader is None:
                continue
            if reader.together:
                together.setdefault(reader.id, (reader, []))[1].append(source)
            else:
                yield [source], reader
        for joined, sources in together.values():
            yield sources, joined


# In a folder, a file must look like a log to be read as one: notes and settings also hold "name: value".
_PROSE = {".md", ".rst", ".html", ".ipynb", ".py", ".sh"}
_SETTINGS = {".yaml", ".yml", ".toml", ".cfg", ".ini"}
_BINARIES = {".png", ".jpg", ".pt", ".pth", ".ckpt"}


def _recognise_in_folder(source: Source) -> Reader | None:
    if (
        source.path is None
        or source.path.name.startswith(".")
        or source.path.suffix.lower() in _PROSE | _SETTINGS | _BINARIES
    ):
        return None
    if not source.path.is_file() or not source.size:
        return None
    return _recognise(source, LAST_RESORT)


def _refuse_missing(path: Path, where: str) -> None:
    siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    close = nearest(path.name, siblings)
    if close:
        how = f"Did you mean {path.parent / close}?"
    else:
        how = f"The folder {path.parent} does not {'hold it' if path.parent.is_dir() else 'exist either'}."
    raise NotFoundError("no such file or folder", where=where, how=how)
