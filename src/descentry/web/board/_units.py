"""What there is to read below a folder, looked at again and again: only what has changed is opened."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from descentry.core import catalog, metrics
from descentry.core.data import Run
from descentry.readers._entry import Reader
from descentry.readers._folder import groups, reader_in_folder, settled
from descentry.readers._one import read_one
from descentry.readers._source import HEAD, Source

MOST_FILES = 5_000  # of a format that is a folder; more are not looked at to tell whether it has changed
_CHECKPOINT = re.compile(r"checkpoint[-_]?\d+")


@dataclass(frozen=True, slots=True)
class Unit:
    """Logs that are read at once: one, or those that may be parts of one run.

    Attributes:
        key: Names it, the same at each look and after a restart.
        where: Its path below the folder.
        reader: Id of the reader.
        groups: What the reader treats as one source: paths below the folder.
        state: Changes when the files do.
        modified: When a file of it was last changed, in seconds since the epoch.
        size: Bytes in its files.
    """

    key: str
    where: str
    reader: str
    groups: tuple[tuple[str, ...], ...]
    state: str
    modified: float
    size: int

    def to_dict(self) -> dict[str, Any]:
        """As plain data, for another process."""
        return asdict(self)

    @staticmethod
    def of(data: dict[str, Any]) -> Unit:
        """From plain data."""
        return Unit(**{**data, "groups": tuple(map(tuple, data["groups"]))})


class Scanner:
    """Looks for units below a folder.

    Args:
        folder: Where to look.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, tuple[Reader | None, tuple[int, int]]] = {}

    def scan(self) -> list[Unit]:
        """The units there are now, in the order of their paths.

        Raises:
            NoCurveError: It is half a disk.
        """
        seen: dict[Path, tuple[Reader | None, tuple[int, int]]] = {}

        def tell(source: Source) -> Reader | None:
            path = source.path
            if path is None:
                return None
            try:
                stat = path.stat()
                state = (stat.st_size, stat.st_mtime_ns)
                reader, then = self._known.get(path, (None, (-1, -1)))
                # The beginning decides what a log is; once it is there, it is looked at no more.
                grew = reader is not None and (source.is_folder or state[0] >= then[0] >= HEAD)
                if not grew and (source.is_folder or state != then):
                    reader = reader_in_folder(source)
            except OSError:  # removed while it was looked at
                return None
            seen[path] = reader, state
            return reader

        homes: dict[tuple[str, Path], tuple[Reader, list[tuple[Path, ...]]]] = {}
        for sources, reader in groups(self._folder, "", tell):
            paths = tuple(s.path for s in sources if s.path is not None)
            homes.setdefault((reader.id, _home(paths, self._folder)), (reader, []))[1].append(paths)
        self._known = seen
        return [self._unit(home, reader, found) for (_, home), (reader, found) in homes.items()]

    def _unit(self, home: Path, reader: Reader, found: list[tuple[Path, ...]]) -> Unit:
        where = home.relative_to(self._folder).as_posix()
        where = self._folder.name if where == "." else where
        key = hashlib.sha256(f"{reader.id}\0{where}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
        relative = tuple(tuple(p.relative_to(self._folder).as_posix() for p in paths) for paths in found)
        return touched(self._folder, Unit(key, where, reader.id, relative, "", 0.0, 0))


def touched(folder: Path, unit: Unit) -> Unit:
    """The unit with the state that its files are in now."""
    count = size = newest = 0
    for stat in (s for paths in unit.groups for path in paths for s in _stats(folder / path)):
        count, size, newest = count + 1, size + stat.st_size, max(newest, stat.st_mtime_ns)
    return replace(unit, state=f"{count}:{size}:{newest}", modified=newest / 1e9, size=size)


def _home(paths: tuple[Path, ...], top: Path) -> Path:
    """What a unit is named by: the log, or what holds the folders of the splits or checkpoints of one run."""
    first = paths[0]
    folder = first if first.is_dir() else first.parent
    if folder == top:  # whatever its name is: what lies beside it is not served
        return first if len(paths) == 1 else folder
    if metrics.split(folder.name) or _CHECKPOINT.fullmatch(folder.name):
        return folder.parent
    return first if len(paths) == 1 else folder


def _stats(path: Path) -> Iterator[os.stat_result]:
    """Of a file, or of the files in a folder; what is removed meanwhile has none."""
    left = MOST_FILES
    waiting = [path]
    while waiting and left > 0:
        here = waiting.pop()
        try:
            if not here.is_dir():
                yield here.stat()
                continue
            with os.scandir(here) as entries:
                for entry in sorted(entries, key=lambda e: e.name):
                    left -= 1
                    # Looking at whether a run is alive changes its lock, and reading one its index.
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif not entry.name.endswith((".lock", "-shm")):
                        yield entry.stat()
        except OSError:
            continue


def read(folder: Path, unit: Unit) -> list[Run]:
    """The runs of a unit; their paths are those below the folder.

    Raises:
        DescentryError: They cannot be read.
        UnknownNameError: The reader is not there any more.
    """
    reader = catalog.entry("readers", unit.reader)
    runs: list[Run] = []
    for paths in unit.groups:
        sources = [Source(folder / path, name=path) for path in paths]
        runs.extend(read_one(sources, reader, None))
    return settled(runs)


def run_id(unit: Unit, position: int) -> str:
    """Names a run of a unit, the same after a restart: links keep their meaning."""
    return f"{unit.key}-{position}"
