"""The writing side of ``run.sqlite``: takes a folder, appends rows to it in transactions, closes it."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from descentry.core.errors import DescentryError
from descentry.store import schema
from descentry.store._intake import Line
from descentry.store._lock import RunLock
from descentry.store._rows import Group, Rows, encode

HOST = socket.gethostname()
HEARTBEAT = 10.0  # seconds between signs of life at most
STALE = 3 * HEARTBEAT
_WAIT = 1.2 * HEARTBEAT
_BUSY = 5.0  # seconds to wait for a reader that copies or checkpoints
_NAMES = 10_000
# A chunk below a page is written anew with what comes next; so slow runs do not become a million rows of one.
_SEAL = 4096
_LONGEST = 8192  # rows of a chunk


class Disk:
    """An open run folder that this process alone writes.

    Attributes:
        folder: Where it is; not always the folder asked for.
        first_row: The number of the first row of this launch.
    """

    def __init__(self, folder: Path, lock: RunLock, config: Mapping[str, Any]) -> None:
        self.folder = folder
        self._lock = lock
        self._tails: dict[Group, tuple[int, Rows]] = {}
        self._groups: dict[tuple[str, ...], int] = {}
        self._beat = time.monotonic()
        self.connection = sqlite3.connect(
            folder / schema.FILE, timeout=_BUSY, isolation_level=None, check_same_thread=False
        )
        try:
            self._begin(config)
        except BaseException:
            self.connection.close()
            raise

    @classmethod
    def open(cls, folder: Path, config: Mapping[str, Any], *, resume: bool) -> Disk:
        """A new run in ``folder``, or beside it where one is already there; with ``resume`` that one.

        Raises:
            OSError: The folder cannot be written.
            sqlite3.Error: The file cannot be written.
        """
        chosen, lock = _claim(folder, resume=resume)
        try:
            return cls(chosen, lock, config)
        except BaseException:
            lock.release()
            raise

    def _begin(self, config: Mapping[str, Any]) -> None:
        run, now = self.connection, time.time()
        schema.migrate(run)
        run.execute("PRAGMA journal_mode = WAL")
        run.execute("PRAGMA synchronous = NORMAL")  # what is committed survives the process, however it dies
        run.execute("PRAGMA journal_size_limit = 16777216")
        run.execute("BEGIN IMMEDIATE")
        known = run.execute("SELECT config FROM run").fetchone()
        merged = {**(_object(known[0]) if known else {}), **config}
        run.execute(
            "INSERT INTO run (id, name, created, config) VALUES (1, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET config = excluded.config",
            (self.folder.absolute().name, now, json.dumps(merged)),
        )
        self.first_row = run.execute("SELECT coalesce(max(last_row), -1) + 1 FROM chunks").fetchone()[0]
        self._next_chunk = run.execute("SELECT coalesce(max(id), 0) + 1 FROM chunks").fetchone()[0]
        self._next_line = run.execute("SELECT coalesce(max(id), 0) + 1 FROM journal").fetchone()[0]
        for number, names in run.execute("SELECT id, names FROM groups"):
            self._groups[tuple(json.loads(names))] = number
        self._launch = run.execute(
            "INSERT INTO launches (started, first_row, pid, host, heartbeat) VALUES (?, ?, ?, ?, ?)",
            (now, self.first_row, os.getpid(), HOST, now),
        ).lastrowid
        run.execute("COMMIT")

    def configure(self, config: Mapping[str, Any]) -> None:
        """Writes the settings of this launch again; those of earlier launches stay where it has none.

        Raises:
            sqlite3.Error: The disk is full, gone, or has become read-only.
        """
        known = _object(self.connection.execute("SELECT config FROM run").fetchone()[0])
        self.connection.execute("UPDATE run SET config = ?", (json.dumps({**known, **config}),))

    def write(self, rows: Mapping[Group, Sequence[Rows]], lines: Sequence[Line] = ()) -> None:
        """Appends rows and journal lines, all or nothing; where it failed, it can be tried again.

        Raises:
            sqlite3.Error: The disk is full, gone, or has become read-only.
        """
        if not rows and not lines and time.monotonic() - self._beat < HEARTBEAT:
            return
        groups, tails, chunk = dict(self._groups), dict(self._tails), self._next_chunk
        run = self.connection
        if run.in_transaction:
            run.execute("ROLLBACK")
        run.execute("BEGIN IMMEDIATE")
        try:
            for group, parts in rows.items():
                number = groups.setdefault(group.names, len(groups) + 1)
                if group.names not in self._groups:
                    run.execute(
                        "INSERT OR REPLACE INTO groups VALUES (?, ?)", (number, json.dumps(group.names))
                    )
                place, head = tails.pop(group, (chunk, None))
                chunk += head is None
                whole = np.concatenate([*([] if head is None else [head]), *parts])
                for start in range(0, len(whole), _LONGEST):
                    part = whole[start : start + _LONGEST]
                    if start:
                        place, chunk = chunk, chunk + 1
                    run.execute(
                        "INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        _chunk(place, number, part),
                    )
                if part.nbytes < _SEAL:
                    tails[group] = place, part.copy()
            run.executemany(
                "INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?)",
                [(self._next_line + i, *line) for i, line in enumerate(lines)],
            )
            run.execute("UPDATE launches SET heartbeat = ? WHERE id = ?", (time.time(), self._launch))
            run.execute("COMMIT")
        except BaseException:
            if run.in_transaction:
                run.execute("ROLLBACK")
            raise
        self._groups, self._tails, self._next_chunk = groups, tails, chunk
        self._next_line += len(lines)
        self._beat = time.monotonic()

    def close(self, outcome: str) -> None:
        """Says how the run ended, and leaves one file that can be read and copied anywhere.

        Raises:
            OperationalError: That could not be written; what was written before is safe.
        """
        try:
            self.connection.execute(
                "UPDATE launches SET ended = ?, outcome = ? WHERE id = ?",
                (time.time(), outcome, self._launch),
            )
            self.connection.execute("PRAGMA busy_timeout = 200")
            self.connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):  # somebody is reading: it stays in WAL mode, which is as good
                raise
        finally:
            self.connection.close()
            self._lock.release()

    def leave(self) -> None:
        """For a forked child: lets the lock be the parent's alone."""
        self._lock.release()


def _chunk(place: int, group: int, rows: Rows) -> tuple[int, int, int, int, bytes, bytes, bytes, bytes]:
    return (
        place,
        group,
        len(rows),
        int(rows["row"].max()),
        encode(rows["step"], differences=True),
        encode(rows["row"], differences=True),
        encode(rows["time"], differences=True),
        encode(rows["value"].T),
    )


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    return found if isinstance(found, dict) else {}


def _claim(folder: Path, *, resume: bool) -> tuple[Path, RunLock]:
    """A folder that holds no run, or with ``resume`` the run in ``folder``, and the right to write it.

    Raises:
        OSError: The folder cannot be written.
    """
    for number in range(1, _NAMES):
        candidate = folder if number == 1 else folder.with_name(f"{folder.absolute().name}-{number}")
        joins = resume and number == 1
        if not joins and _taken(candidate):
            continue
        candidate.mkdir(parents=True, exist_ok=True)
        lock = RunLock.take(candidate)
        if lock is None:
            continue
        # Looked at again now that it cannot change: two processes may have got here at once.
        if not _taken(candidate) or (joins and _can_be_joined(candidate)):
            return candidate, lock
        lock.release()
    raise OSError(f"{_NAMES:,} runs are beside {folder}")


def _taken(folder: Path) -> bool:
    path = folder / schema.FILE
    return path.exists() and path.stat().st_size > 0


def _can_be_joined(folder: Path) -> bool:
    """Whether the file is a run that this descentry can write, and no other machine is at it."""
    path = folder / schema.FILE
    with path.open("rb") as stream:
        if not schema.is_run(stream.read(100)):
            return False
    connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None)
    try:
        schema.migrate(connection)
        # The lock has said that nobody is writing on this machine; not all file systems share locks.
        before = _sign_of_life(connection)
        until = time.monotonic() + _WAIT
        while before is not None and time.monotonic() < until:
            if _sign_of_life(connection) != before:
                return False
            time.sleep(0.2)
    except (sqlite3.Error, DescentryError, ValueError):
        return False
    finally:
        connection.close()
    return True


def _sign_of_life(connection: sqlite3.Connection) -> float | None:
    """The last heartbeat of another machine that may still be writing."""
    last = connection.execute(
        "SELECT host, heartbeat, ended FROM launches ORDER BY id DESC LIMIT 1"
    ).fetchone()
    if last is None or last[2] is not None or last[0] == HOST or abs(time.time() - last[1]) > STALE:
        return None
    return float(last[1])
