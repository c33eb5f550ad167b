"""Where exports go: names, and what must not be overwritten."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from descentry import readers
from descentry.core import catalog
from descentry.core.data import Run
from descentry.core.errors import DescentryError, UnknownNameError
from descentry.export._entry import Exporter
from descentry.export._table import table_of

DEFAULT = "csv"


def export(
    source: str | os.PathLike[str],
    *,
    to: str | None = None,
    output: str | None = None,
    run: str | None = None,
    step: str | None = None,
) -> list[Path]:
    """Writes the runs in a source in another format; returns what was written, one path a run.

    Args:
        source: Anything that can be read: a log, a folder of logs, a run folder.
        to: Id of the exporter; by the ending of ``output`` when not given, and CSV where that says nothing.
        output: A file for one run, a folder for several. By default files named after the runs in the current
            folder, and none is overwritten.
        run: Name of the run to export, where there are several.
        step: Name of the column or metric that counts optimizer updates.

    Raises:
        DescentryError: The source cannot be read, or the output cannot be written.
        UnknownNameError: There is no such format or run.
    """
    exporter = _exporter(to, output)
    runs = readers.read_all(source, step=step)
    if run is not None:
        named = [r for r in runs if r.name.casefold() == run.casefold()]
        if not named:
            raise UnknownNameError(
                f"there is no run called {run!r}", where=str(source), name=run, known=[r.name for r in runs]
            )
        runs = named
    targets = _targets(runs, exporter, output)
    for one, path in zip(runs, targets, strict=True):
        if _same(path, Path(source)):
            raise DescentryError(
                "this is what is to be exported", where=str(path), how="Name another: -o PATH"
            )
        if path.exists() and (output is None or (path.is_dir() and any(path.iterdir()))):
            raise DescentryError("it exists already", where=str(path), how="Name where to write: -o PATH")
        try:
            _write(one, exporter, path)
        except OSError as error:
            raise DescentryError(
                f"it cannot be written: {error.strerror or error}", where=str(path)
            ) from None
    return targets


def _exporter(to: str | None, output: str | None) -> Exporter:
    known: dict[str, Exporter] = dict(catalog.entries("export"))
    if to is not None:
        if to not in known:
            raise UnknownNameError(f"there is no format {to!r} to export to", name=to, known=sorted(known))
        return known[to]
    ending = Path(output or "").suffix.lower()
    return next((e for e in known.values() if e.suffix and e.suffix == ending), known[DEFAULT])


def _targets(runs: Sequence[Run], exporter: Exporter, output: str | None) -> list[Path]:
    """Where each run goes.

    Raises:
        DescentryError: Several runs are to go into one file.
    """
    if len(runs) == 1 and output is not None and not (Path(output).is_dir() and exporter.suffix):
        return [Path(output)]
    folder = Path(output or "")
    if folder.exists() and not folder.is_dir():
        raise DescentryError(
            f"{len(runs)} runs do not go into one file",
            where=str(folder),
            how="Name a folder (-o FOLDER), or one run (--run NAME).",
        )
    taken: set[str] = set()
    targets = []
    for run in runs:
        stem = re.sub(r"[^\w.=+-]+", "-", run.name).strip("-.") or "run"
        # A folder of events is not to fall upon the folder that the run is in.
        name = f"{stem}{exporter.suffix or '-' + exporter.id}"
        number = 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}{exporter.suffix or '-' + exporter.id}", number + 1
        taken.add(name.casefold())
        targets.append(folder / name)
    return targets


def _same(path: Path, source: Path) -> bool:
    """Whether writing to ``path`` would destroy the source."""
    return (
        path.exists()
        and source.exists()
        and (path.samefile(source) or path.resolve() in source.resolve().parents)
    )


def _write(run: Run, exporter: Exporter, path: Path) -> None:
    """Writes beside the target first, so that a failure leaves no half of a file.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    try:
        exporter.write(table_of(run), draft)
        draft.replace(path)
    finally:
        if draft.is_dir():
            shutil.rmtree(draft)
        else:
            draft.unlink(missing_ok=True)
