"""Rows that are in memory: for a moment before they are written, or for good where nothing can be."""

from __future__ import annotations

import numpy as np

from descentry.store._rows import Group, Rows

# About two million points of metrics logged one by one, eight million of metrics logged twenty at a time.
LIMIT = 64 << 20


class Memory:
    """The rows of every group, at most ``LIMIT`` bytes of them once ``thin`` was called.

    Where that is too little, every second row of every group goes, then every second of those that are left,
    and rows that come later are thinned alike, so that no part of a curve is denser than another.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self.rows: dict[Group, list[Rows]] = {}
        self._bytes = 0
        self._every = 1
        self._skip: dict[Group, int] = {}  # how many rows of a group to pass over before the next is kept
        self._dropped = 0
        self._span: tuple[int, int] | None = None

    def add(self, group: Group, rows: Rows) -> None:
        """Keeps rows, thinned as those before them."""
        if self._every > 1:
            skip = self._skip.get(group, 0)
            kept = rows[skip :: self._every]
            self._skip[group] = (skip - len(rows)) % self._every
            self._note(rows, len(kept))
            rows = kept.copy()
        if len(rows):
            self.rows.setdefault(group, []).append(rows)
            self._bytes += rows.nbytes

    def thin(self) -> None:
        """Makes room, where there is too much to keep."""
        while self._bytes > self._limit:
            self._bytes = 0
            for group, parts in self.rows.items():
                whole = np.concatenate(parts)
                self._note(whole, (len(whole) + 1) // 2)
                if len(whole) % 2:
                    self._skip[group] = self._skip.get(group, 0) + self._every
                self.rows[group] = [whole[::2].copy()]
                self._bytes += self.rows[group][0].nbytes
            self._every *= 2

    def clear(self) -> None:
        """Forgets all rows: they are written."""
        self.rows = {}
        self._bytes = 0
        self._every = 1
        self._skip = {}
        self._dropped = 0
        self._span = None

    def gap(self) -> dict[str, object] | None:
        """What was thinned, for the journal; None where nothing was."""
        if self._span is None:
            return None
        start, stop = self._span
        kept = f"steps {start:,}–{stop:,} were kept in memory only, one point in {self._every} of each metric"
        return {
            "kind": "thinned",
            "what": f"{kept}: {self._dropped:,} rows had to go",
            "count": self._dropped,
            "start": start,
            "stop": stop,
        }

    def _note(self, rows: Rows, kept: int) -> None:
        if len(rows) > kept:
            self._dropped += len(rows) - kept
            low, high = int(rows["step"].min()), int(rows["step"].max())
            before = self._span or (low, high)
            self._span = min(low, before[0]), max(high, before[1])
