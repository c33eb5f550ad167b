"""Opens ``run.sqlite`` for reading, wherever it is and whatever state it was left in."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from pathlib import Path
from urllib.parse import quote

from descentry.core.errors import DescentryError
from descentry.store import schema

_BUSY = 5.0  # seconds to wait for a writer that opens or closes the file
_COPIES = 5  # times to try for a copy that did not change meanwhile


def open_run(file: Path) -> sqlite3.Connection:
    """The file for reading, at the schema of this descentry.

    Raises:
        DescentryError: It is no run.
        sqlite3.Error: It is damaged.
        OSError: It cannot be read.
    """
    with file.open("rb") as stream:
        if not schema.is_run(stream.read(100)):
            raise DescentryError("this is not the file of a run")
    connection = sqlite3.connect(
        f"file:{quote(str(file.absolute()))}?mode=ro", uri=True, timeout=_BUSY, isolation_level=None
    )
    try:
        version = schema.version_of(connection)
    except sqlite3.OperationalError:
        # A run in WAL mode on a medium that cannot be written: SQLite wants to keep its index beside it.
        connection.close()
        connection = _copied(file)
        version = schema.version_of(connection)
    if version == schema.VERSION:
        return connection
    with contextlib.closing(connection):
        copy = sqlite3.connect(":memory:", isolation_level=None)
        connection.backup(copy)
    schema.migrate(copy)
    return copy


def _copied(file: Path) -> sqlite3.Connection:
    """The run in memory, read from a copy of its files.

    Raises:
        DescentryError: It is being written from elsewhere, too fast to be copied.
        OSError: It cannot be copied.
    """
    log = file.with_name(file.name + "-wal")

    def state() -> list[tuple[int, int]]:
        return [(f.stat().st_mtime_ns, f.stat().st_size) for f in (file, log) if f.exists()]

    with tempfile.TemporaryDirectory(prefix="descentry-") as folder:
        for _ in range(_COPIES):
            before = state()
            for each in (file, log):
                if each.exists():
                    shutil.copyfile(each, Path(folder) / each.name)
            if state() == before:
                break
        else:
            raise DescentryError(
                "the run is being written from elsewhere, and cannot be copied", how="Try again."
            )
        memory = sqlite3.connect(":memory:", isolation_level=None)
        with contextlib.closing(sqlite3.connect(Path(folder) / file.name)) as connection:
            connection.backup(memory)
        return memory
