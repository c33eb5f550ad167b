"""The flights that were signed, on this machine: one small SQLite file."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from descentry.core.errors import DescentryError, NotFoundError
from descentry.web.flight.log import Log, log_of

LONGEST = 24  # characters of a name
KEPT = 50  # flights of one level and seed
_TABLE = """
CREATE TABLE IF NOT EXISTS flights (
    id INTEGER PRIMARY KEY, level TEXT, seed INTEGER, name TEXT, regret REAL, final REAL, landed REAL,
    log TEXT
)"""


@dataclass(frozen=True)
class Row:
    """One flight on the board.

    Attributes:
        id: Its number.
        name: Who flew it: plain text, to be escaped wherever it is shown.
        regret: Against the oracle; the board is in its order.
        final: Loss on all of the data at the end.
        landed: Seconds since the epoch.
    """

    id: int
    name: str
    regret: float
    final: float
    landed: float


class Leaderboard:
    """The flights of one file; it is made with the first of them.

    Every call opens the file and closes it again, so that several servers can share it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def sign(self, name: Any, log: Log, regret: float, final: float) -> int:
        """Puts a flight on the board; its place, from 1.

        Raises:
            DescentryError: There is no name, or the file cannot be written.
        """
        signed = clean(name)
        with self._open() as file:
            values = (log.level.id, log.seed, signed, regret, final, time.time(), json.dumps(log.to_dict()))
            added = file.execute(
                "INSERT INTO flights (level, seed, name, regret, final, landed, log) VALUES (?,?,?,?,?,?,?)",
                values,
            ).lastrowid
            best = "SELECT id FROM flights WHERE level = ? AND seed = ? ORDER BY regret, landed"
            ranked = [row[0] for row in file.execute(best, (log.level.id, log.seed))]
            file.executemany("DELETE FROM flights WHERE id = ?", [(row,) for row in ranked[KEPT:]])
        return ranked.index(added) + 1

    def top(self, level: str, seed: int, count: int = 10) -> list[Row]:
        """The best flights of one level and seed.

        Raises:
            DescentryError: The file is no leaderboard.
        """
        if not self._path.exists():
            return []
        with self._open() as file:
            wanted = (
                "SELECT id, name, regret, final, landed FROM flights WHERE level = ? AND seed = ? "
                "ORDER BY regret, landed LIMIT ?"
            )
            return [Row(*row) for row in file.execute(wanted, (level, seed, count))]

    def log(self, flight: int) -> tuple[str, Log]:
        """Who flew a flight, and its log.

        Raises:
            NotFoundError: There is no such flight.
            DescentryError: Its log is none.
        """
        found = None
        if self._path.exists():
            with self._open() as file:
                found = file.execute("SELECT name, log FROM flights WHERE id = ?", (flight,)).fetchone()
        if found is None:
            raise NotFoundError(f"there is no flight number {flight} on the leaderboard")
        return found[0], log_of(json.loads(found[1]))

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self._path, timeout=5.0)) as file, file:
                file.execute(_TABLE)
                yield file
        except (OSError, sqlite3.Error) as error:
            raise DescentryError(
                f"the leaderboard cannot be used: {error}",
                where=str(self._path),
                how="Your flight is not lost: save its log from the page.",
            ) from None


def clean(name: Any) -> str:
    r"""A name as it goes on the board: printable characters, single spaces, 24 characters at most.

    Raises:
        DescentryError: Nothing is left of it.

    >>> clean("  Ada\n Lovelace\u202e ")
    'Ada Lovelace'
    """
    text = unicodedata.normalize("NFC", name) if isinstance(name, str) else ""
    # Controls and formats go: they could turn the reading direction of the rest of the page.
    plain = "".join(c if not unicodedata.category(c).startswith("C") else " " for c in text[:1000])
    short = " ".join(plain.split())[:LONGEST].strip()
    if not short:
        raise DescentryError("a flight is signed with a name", how=f"One to {LONGEST} characters.")
    return short
