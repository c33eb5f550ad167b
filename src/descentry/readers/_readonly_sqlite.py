"""Opens SQLite files that someone else wrote: nothing is changed, and nothing in the file is run."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from descentry.core.errors import UnknownFormatError
from descentry.readers._source import Source

_MAX_CELL = 1 << 24
_PATIENCE = 2.0  # seconds to wait for a writer
_FORMAT_VERSIONS = slice(18, 20)


def connect(source: Source) -> tuple[sqlite3.Connection, bool]:
    """A connection that cannot write, which the caller closes; and whether the newest writes are missing.

    Raises:
        OperationalError: (of sqlite3, as all its errors may be) It is damaged, or is being written to.
        UnknownFormatError: A writer stopped halfway, and only a program that may write can undo that.
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
        if _holds_some(source.path, "-journal"):
            raise UnknownFormatError(
                "a program stopped while it wrote to the database, which is half changed",
                where=source.name,
                how="Open it once with the program it belongs to, or with `sqlite3`: that undoes the change.",
            ) from None
        # A write-ahead log needs a folder that can be written to; the file alone does not.
        database = sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True)
        return _guarded(database), _holds_some(source.path, "-wal")


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
    except UnicodeDecodeError:
        # The message about a damaged schema quotes it, and then cannot be decoded itself.
        database.close()
        raise sqlite3.DatabaseError("its schema is malformed") from None
    return database


def missing_bytes(source: Source) -> int:
    """How many bytes the file is shorter than its header says; SQLite reads part of a page as zeros."""
    header = source.head[:100]
    page = int.from_bytes(header[16:18], "big")
    whole = (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
    # Very old versions of SQLite do not keep the count of pages: then these two differ.
    return max(0, whole - source.size) if header[24:28] == header[92:96] else 0


def is_busy(error: sqlite3.Error) -> bool:
    """Whether the trouble is only that another program writes just now."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _holds_some(path: Path, ending: str) -> bool:
    """Whether there is a log beside the file, and something in it."""
    log = path.with_name(path.name + ending)
    return log.is_file() and log.stat().st_size > 0
