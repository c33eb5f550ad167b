"""A folder that is searched: its runs, each file with its reader, files that belong together at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from descentry.core.data import Gap, Run
from descentry.core.errors import DescentryError, NoCurveError
from descentry.readers._entry import Reader
from descentry.readers._one import read_one, recognise
from descentry.readers._source import Source
from descentry.readers._splits import join_splits

MAX_FILES = 100_000
LAST_RESORT = 0.1  # readers this unsure are asked about a file that the user names, not about all in a folder
Progress = Callable[[int, int, str], None]


def read_folder(folder: Path, where: str, step: str | None, progress: Progress | None) -> list[Run]:
    """Every run below a folder; what cannot be read is noted on the first.

    Raises:
        DescentryError: Nothing below it can be read.
        NoCurveError: There is nothing below it.
    """
    found = list(groups(folder, where))
    runs: list[Run] = []
    failed: list[DescentryError] = []
    for done, (sources, reader) in enumerate(found):
        if progress is not None:
            progress(done, len(found), sources[0].name)
        try:
            runs.extend(read_one(sources, reader, step))
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
    runs = settled(runs)
    notes = tuple(Gap("unreadable-file", str(error).splitlines()[0]) for error in failed)
    if notes:
        first = runs[0]
        runs[0] = Run(first.name, first.source, first.series, first.config, first.gaps + notes, first.reader)
    return runs


def settled(runs: list[Run]) -> list[Run]:
    """The runs as they are told: states that another one continues left out, splits of one run joined."""
    return join_splits(_without_earlier_states(runs))


def _without_earlier_states(runs: list[Run]) -> list[Run]:
    """The runs without those that are the beginning of another: every checkpoint keeps the log so far."""
    beginnings: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        key = (run.reader, *sorted((s.name, s.step[0], s.value[0]) for s in run.series if len(s))[:3])
        beginnings.setdefault(key, []).append(run)
    superseded: set[int] = set()
    for alike in beginnings.values():
        longest_first = sorted(alike, key=lambda r: -sum(len(s) for s in r.series))
        for i, run in enumerate(longest_first):
            if any(id(o) not in superseded and _begins(run, o) for o in longest_first[:i]):
                superseded.add(id(run))
    return [run for run in runs if id(run) not in superseded]


def _begins(run: Run, other: Run) -> bool:
    """Whether every series of ``run`` is the beginning of the same series of ``other``."""
    theirs = {s.name: s for s in other.series}
    for series in run.series:
        twin = theirs.get(series.name)
        n = len(series)
        if twin is None or len(twin) < n or not np.array_equal(series.step, twin.step[:n]):
            return False
        if not np.array_equal(series.value, twin.value[:n], equal_nan=True):
            return False
    return sum(map(len, run.series)) < sum(map(len, other.series))


def groups(
    folder: Path, where: str, known: Callable[[Source], Reader | None] | None = None
) -> Iterator[tuple[list[Source], Reader]]:
    """What there is to read below a folder: whole format folders, then files; those of one run at once.

    Args:
        folder: Where to look.
        where: The same as the user wrote it.
        known: Tells the reader of a folder or file in the place of ``reader_in_folder``, for those who look
            again and again.

    Raises:
        NoCurveError: It is no folder of logs but half a disk.
    """
    tell, seen = known or reader_in_folder, 0
    for current, subfolders, files in os.walk(folder):
        subfolders[:] = sorted(
            d for d in subfolders if not d.startswith(".") and d not in {"__pycache__", "node_modules"}
        )
        here = Path(current)
        name = str(Path(where) / here.relative_to(folder))
        whole = Source(here, name=name)
        reader = tell(whole)
        if reader is not None:
            subfolders.clear()
            yield [whole], reader
            continue
        if any(file.endswith(".wandb") for file in files):
            subfolders.clear()  # what lies below repeats the run: console output, summaries, copies of code
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
            reader = tell(source)
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


def reader_in_folder(source: Source) -> Reader | None:
    """The reader of a folder, or of a file in a folder that is searched, if there is one."""
    if source.is_folder:
        return recognise(source)
    if (
        source.path is None
        or source.path.name.startswith(".")
        or source.path.suffix.lower() in _PROSE | _SETTINGS | _BINARIES
    ):
        return None
    try:
        return recognise(source, LAST_RESORT) if source.path.is_file() and source.size else None
    except OSError:  # nobody may read it
        return None
