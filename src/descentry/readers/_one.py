"""One source and its reader: who recognises it, and the runs in it."""

from __future__ import annotations

from pathlib import Path

from descentry.core import catalog
from descentry.core.data import Gap, Run
from descentry.core.errors import DescentryError, NoCurveError, UnknownFormatError
from descentry.readers._assemble import assemble, stem_of
from descentry.readers._draft import Draft
from descentry.readers._entry import Reader
from descentry.readers._joining import concatenate
from descentry.readers._source import Source

_PICKLES = tuple(b"\x80" + bytes([version]) for version in range(2, 6))


def _readers(*, folder: bool) -> list[Reader]:
    return [r for r in catalog.entries("readers").values() if r.folder == folder]


def recognise(source: Source, least: float = 0.0) -> Reader | None:
    """The reader that is surest of the source and surer than ``least``, if there is one.

    Those that can be surest are asked first: generic readers look at every line, and need not where a
    particular one knows its format.
    """
    best, found = least, None
    for reader in sorted(_readers(folder=source.is_folder), key=lambda r: -r.most):
        if reader.most <= best:
            break
        sure = reader.sniff(source)
        if sure > best:
            best, found = sure, reader
    return found


def reader_for(source: Source) -> Reader:
    """The reader of a source that the user named.

    Raises:
        UnknownFormatError: It is empty, or no reader recognises it.
    """
    if not source.size:
        raise UnknownFormatError(
            "the file is empty", where=source.name, how="Has the run logged anything yet?"
        )
    reader = recognise(source)
    if reader is None:
        kind = "a binary file of an unknown kind"
        if source.is_text:
            kind = "text without a metric in it"
        elif source.head.startswith(_PICKLES) or b"/data.pkl" in source.head:
            kind = "a pickle (or a checkpoint of PyTorch), which could run code and is never opened"
        raise UnknownFormatError(
            f"no reader recognises this: it looks like {kind}",
            where=source.name,
            how="`descentry list readers` names the formats that are read. "
            "Any text with `loss: VALUE` on its lines is, and so is a CSV with a header.",
        )
    return reader


def read_one(sources: list[Source], reader: Reader, step: str | None) -> list[Run]:
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
        drafts = [_parts_joined(drafts, len(sources))]
    runs = assemble(
        drafts,
        source=where,
        stem=stem_of(first.path) if first.path else first.stem,
        reader=reader.id,
        step=step,
    )
    runs = [run for run in runs if any(len(s) for s in run.series)]
    if not runs:
        raise NoCurveError("there are no metrics in it", where=where, how=f"It was read as: {reader.title}.")
    return runs


def _parts_joined(drafts: list[Draft], parts: int) -> Draft:
    """The parts of one run, one after another; rows go on counting."""
    joined = concatenate(drafts)
    joined.gaps.append(Gap("parts", f"the run was put together from {parts} files", parts))
    return joined
