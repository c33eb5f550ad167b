"""The tables of ``run.sqlite``, their version, and how older files are brought up to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from descentry.core.errors import DescentryError

if TYPE_CHECKING:
    import sqlite3

FILE = "run.sqlite"
APPLICATION_ID = 0x44534E54  # "DSNT", at byte 68 of the file, so that the content says whose it is
_MAGIC = b"SQLite format 3\x00"

Step = Callable[["sqlite3.Connection"], None]


def _create(connection: sqlite3.Connection) -> None:
    for statement in (
        "CREATE TABLE run (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, created REAL NOT NULL,"
        " config TEXT NOT NULL)",
        # A launch is one process that wrote; `first_row` is where it began, so the second one is a seam.
        "CREATE TABLE launches (id INTEGER PRIMARY KEY, started REAL NOT NULL, first_row INTEGER NOT NULL,"
        " pid INTEGER NOT NULL, host TEXT NOT NULL, heartbeat REAL NOT NULL, ended REAL, outcome TEXT)",
        # Metrics logged together share their steps, rows and times.
        "CREATE TABLE groups (id INTEGER PRIMARY KEY, names TEXT NOT NULL)",
        # The blobs stand last: a search for the last row does not read them.
        "CREATE TABLE chunks (id INTEGER PRIMARY KEY, grp INTEGER NOT NULL, count INTEGER NOT NULL,"
        " last_row INTEGER NOT NULL, step BLOB NOT NULL, row BLOB NOT NULL, time BLOB NOT NULL,"
        " value BLOB NOT NULL)",
        "CREATE TABLE journal (id INTEGER PRIMARY KEY, time REAL NOT NULL, step INTEGER, kind TEXT NOT NULL,"
        " data TEXT NOT NULL)",
    ):
        connection.execute(statement)


# Step n brings a file from version n to n + 1. Steps are only ever added: files of every version are about.
STEPS: tuple[Step, ...] = (_create,)
VERSION = len(STEPS)


def version_of(connection: sqlite3.Connection) -> int:
    """The version of an open file; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, steps: Sequence[Step] = STEPS) -> None:
    """Brings a file up to the last version, in one transaction: a crash leaves the old version whole.

    Args:
        connection: In autocommit mode.
        steps: What brings version n to n + 1, for each n.

    Raises:
        DescentryError: The file is newer than this descentry.
    """
    version = version_of(connection)
    if version > len(steps):
        raise DescentryError(
            f"it was written by a newer descentry (its schema is {version}, this one knows {len(steps)})",
            how="Update descentry: pip install --upgrade descentry",
        )
    if version == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps[version_of(connection) :]:
            step(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_run(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a run."""
    return head.startswith(_MAGIC) and head[68:72] == APPLICATION_ID.to_bytes(4, "big")
