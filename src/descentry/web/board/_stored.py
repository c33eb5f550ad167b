"""Run folders as they grow: the last lines of the journal, and the rows that came since the last look."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np

from descentry.store import schema
from descentry.store._opening import open_run
from descentry.store._rows import Block, Points, decode, gather
from descentry.store.reading import Line, line

MOST_ROWS = 500_000  # read at one look; whoever is further behind reads the run anew
_TABLES = ("run", "launches", "groups", "chunks", "journal")


def _file(run: Path) -> Path:
    return run / schema.FILE if run.is_dir() else run


def _open(run: Path) -> contextlib.closing[sqlite3.Connection]:
    """A run for reading.

    Raises:
        DatabaseError: Its tables are none of ours.
    """
    connection = open_run(_file(run))
    kinds = dict(connection.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"))
    if any(kinds.get(name) != "table" for name in _TABLES):
        connection.close()
        raise sqlite3.DatabaseError("its tables are not those of a run")
    return contextlib.closing(connection)


def journal(run: Path, most: int) -> list[Line]:
    """The last lines of the journal.

    Raises:
        DescentryError: It is no run.
        sqlite3.Error: It is damaged.
        OSError: It cannot be read.
    """
    with _open(run) as connection:
        rows = connection.execute(
            "SELECT time, step, kind, data FROM journal ORDER BY id DESC LIMIT ?", (most,)
        ).fetchall()
    return [line(*row) for row in reversed(rows)]


def place(run: Path) -> dict[str, Any]:
    """Where a run is: its last row, how many launches wrote it and ended, how many lines its journal has.

    Raises:
        DescentryError: It is no run.
        sqlite3.Error: It is damaged.
        OSError: It cannot be read.
    """
    with _open(run) as connection:
        row, launches, ended, lines = connection.execute(
            "SELECT (SELECT coalesce(max(last_row), -1) FROM chunks), (SELECT count(*) FROM launches),"
            " (SELECT count(ended) FROM launches), (SELECT count(*) FROM journal)"
        ).fetchone()
    return {"row": int(row), "launches": int(launches), "ended": int(ended), "lines": int(lines)}


def since(run: Path, row: int) -> dict[str, Points] | None:
    """The points of every metric in rows after one; None where there are too many.

    Cost: the chunks with a later row are decoded, and the heads of the others looked at.

    Raises:
        DescentryError: It is no run.
        sqlite3.Error: It is damaged.
        OSError: It cannot be read.
        ValueError: A chunk is damaged.
    """
    blocks: list[Block] = []
    total = 0
    with _open(run) as connection:
        connection.execute("BEGIN")
        names = {
            number: tuple(map(str, json.loads(text)))
            for number, text in connection.execute("SELECT id, names FROM groups")
        }
        heads = connection.execute("SELECT id, grp, count FROM chunks WHERE last_row > ? ORDER BY id", (row,))
        for chunk, group, count in heads.fetchall():
            total += count
            if total > MOST_ROWS:
                return None
            step, rows, time, value = connection.execute(
                "SELECT step, row, time, value FROM chunks WHERE id = ?", (chunk,)
            ).fetchone()
            blocks.append(
                Block(
                    names[group],
                    decode(rows, (count,), "<i8", differences=True),
                    decode(step, (count,), "<i8", differences=True),
                    decode(time, (count,), "<f8", differences=True),
                    decode(value, (len(names[group]), count), "<f8"),
                )
            )
    found = {}
    for name, points in gather(blocks).items() if blocks else ():
        start = int(np.searchsorted(points.row, row, side="right"))
        if start < len(points.row):
            found[name] = Points(
                points.row[start:], points.step[start:], points.time[start:], points.value[start:]
            )
    return found
