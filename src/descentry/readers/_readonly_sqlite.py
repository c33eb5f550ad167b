"""Opens SQLite files that someone else wrote: nothing is changed, and nothing in the file is run."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from descentry.readers._source import Source

HEADER = b"SQLite format 3\x00"
_MAX_CELL = 1 << 24
_PATIENCE = 2.0  # seconds to wait for a writer
_FORMAT_VERSIONS = slice(18, 20)


def connect(source: Source) -> tuple[sqlite3.Connection, bool]:
    """A connection that cannot write, which the caller closes; and whether the newest writes are missing.

    Raises:
        OperationalError: (of sqlite3, as all its errors may be) It is damaged, or is being written to.
    """
    if source.path is None:
        data = bytearray(source.read_bytes())
        # In memory there is no write-ahead log: the file is read as it stands.
        data[_FORMAT_VERSIONS] = b"\x01\x01"
        database = sqlite3.connect(":memory:")
        database.deserialize(bytes(data))
        return _guarded(database), False
    uri = source.path.absolute().as_uri()
    try:
        return _guarded(sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=_PATIENCE)), False
    except sqlite3.OperationalError as error:
        if is_busy(error):
            raise
        # A write-ahead log or a journal needs a folder that can be written to; the file alone does not.
        return _guarded(sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True)), _has_log(source.path)


def _guarded(database: sqlite3.Connection) -> sqlite3.Connection:
    try:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_CELL)
        database.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.Error:
        database.close()
        raise
    return database


def is_busy(error: sqlite3.Error) -> bool:
    """Whether the trouble is only that another program writes just now."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _has_log(path: Path) -> bool:
    """Whether what was written last still stands in a log beside the file."""
    beside = (path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-journal"))
    return any(log.is_file() and log.stat().st_size > 0 for log in beside)
