"""Where a run's numbers come in: the training loop only appends to memory here.

A signal handler may interrupt anything here, log, flush or close, and raise. So a row is packed by one call
and put where it waits by another, and leaves that place only once it is in memory: whatever happens between,
it is there, at worst twice with the same number, which is read as once.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time as clock
import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from descentry.store import _plain
from descentry.store._memory import LIMIT, Memory
from descentry.store._rows import Group

ROWS = 1000  # calls of `add` between flushes at most, as far as the writer keeps up
EASE = 4 << 20  # bytes that wait before `add` gives the writer's thread a moment
EASE_SECONDS = 0.05
MAX_GROUPS = 4096  # ways in which metrics are logged together; past these, each is logged by itself
MAX_METRICS = 100_000
MAX_LINES = 10_000  # journal lines that wait
_MAX_WARNINGS = 100

Line = tuple[float, int | None, str, str]  # time, step, kind, data as JSON


class Intake:
    """Takes rows and journal lines; thread-safe, and never raises."""

    def __init__(self, first_row: int) -> None:
        # Re-entrant: a signal handler may log in the middle of `add`.
        self._adding = threading.RLock()
        self._groups: dict[tuple[str, ...], Group] = {}
        self._names: set[str] = set()
        # One call, so that a signal handler that logs cannot be given the same number.
        self._next_row = itertools.count(first_row).__next__
        self._rows: deque[tuple[Group, bytes]] = deque()  # those that wait; the same object for good
        self._came = self._went = 0  # bytes, each counted by one side only, so that neither can drift
        self._dropped = 0
        self._ease_at = EASE
        self._lines: deque[Line] = deque(maxlen=MAX_LINES)
        self._off = False
        self._warned: set[str] = set()

    def add(self, step: int, values: Mapping[str, float], time: float | None = None) -> None:
        """Appends the metrics of one step; about a microsecond, and a tenth more for each further metric.

        What is no number, or no step, is left out and warned of once.

        Args:
            step: Optimizer updates so far.
            values: Metrics by name; NaN and infinities are kept.
            time: Seconds since the epoch; now, when not given.
        """
        if self._off:
            return
        try:
            names = tuple(values)
            group = self._groups.get(names) or self._new_group(names)
            stamp = clock.time() if time is None else time
            row = group.pack(step, self._next_row(), stamp, *values.values())
        except Exception:  # noqa: BLE001 - values are whatever the user logs
            self.add_any(step, values, time)
        else:
            self._append(group, row)

    def add_any(self, step: Any, values: Mapping[Any, Any], time: Any = None) -> None:
        """The same for values of which not all are floats; a microsecond slower.

        Args:
            step: As for ``add``.
            values: Numbers, or tensors and arrays of one element; what is neither is left out, and warned of.
            time: As for ``add``.
        """
        if not self._off:
            with contextlib.suppress(Exception):
                self._add_what_can_be(step, values, time)

    def event(self, kind: str, data: Any = None, *, step: int | None = None) -> None:
        """Appends a line to the journal: a note, a gap, a finding, a measurement.

        Args:
            kind: What it is. The data of a ``gap`` has the fields of a Gap, and is shown on every report.
            data: JSON values; anything else is kept as its text.
            step: The step it is about.
        """
        if not self._off:
            self._note(kind, data, step)

    def _note(self, kind: str, data: Any, step: int | None = None) -> None:
        self._lines.append((clock.time(), step, str(kind), _plain.dumps(data)))

    def _append(self, group: Group, row: bytes) -> None:
        with self._adding:
            if self._came - self._went > LIMIT:  # nobody takes them: the disk hangs
                self._dropped += 1
                return
            self._rows.append((group, row))
            self._came += group.weight
        if not len(self._rows) % ROWS:
            self._full()
            if self._came - self._went > self._ease_at:
                self._ease()

    def _full(self) -> None:
        """A thousand rows wait."""

    def _ease(self) -> None:
        """Lets the thread that writes run: a loop that does nothing but log would leave it no time."""
        went, until = self._went, clock.monotonic() + EASE_SECONDS
        self._ease_at = self._came - went + EASE
        while self._went == went and clock.monotonic() < until:
            clock.sleep(0.001)

    def _collect(self, memory: Memory) -> None:
        """Brings the rows that wait to memory; of one thread at a time."""
        rows = self._rows.copy()  # one call: what comes from here on waits for the next time
        parts: dict[Group, list[bytes]] = {}
        for group, row in rows:
            parts.setdefault(group, []).append(row)
        for group, packed in parts.items():
            memory.add(group, group.rows(packed))
        for group, _ in rows:
            self._rows.popleft()
            self._went += group.weight
        self._ease_at = EASE
        dropped, self._dropped = self._dropped, 0
        if dropped:
            what = f"{dropped:,} rows came faster than they could be written, and were dropped"
            self._note("gap", {"kind": "dropped", "what": what, "count": dropped})

    def _new_group(self, names: tuple[str, ...]) -> Group:
        """A new way of logging metrics together.

        Raises:
            TypeError: They are no names.
            ValueError: There are too many ways, or too many metrics.
        """
        if not names or not all(isinstance(name, str) for name in names):
            raise TypeError("names of metrics are texts")
        if len(self._groups) >= MAX_GROUPS and len(names) > 1:
            raise ValueError("too many ways of logging metrics together")
        if len(self._names) + sum(name not in self._names for name in names) > MAX_METRICS:
            raise ValueError("too many metrics")
        self._names.update(names)
        return self._groups.setdefault(names, Group(names))

    def _add_what_can_be(self, step: Any, values: Any, time: Any) -> None:
        """Adds the numbers among values, and warns of the others."""
        count = _plain.whole(step)
        stamp = clock.time() if time is None else _plain.number(time)
        if count is None or stamp is None or not isinstance(values, Mapping):
            what = "a whole number, and metrics by name, are needed; what comes otherwise is left out"
            self._warn("step", f"step {str(step)[:80]}: {what}")
            return
        numbers: dict[str, float] = {}
        for name, value in values.items():
            found = _plain.number(value)
            if found is None:
                what = f"is no number but {_plain.described(value)}: it is not recorded"
                self._warn(f"metric {name}", f"metric {str(name)[:80]!r} {what}")
            else:
                numbers[str(name)] = found
        for group in self._shares(tuple(numbers)):
            row = group.pack(count, self._next_row(), stamp, *(numbers[n] for n in group.names))
            self._append(group, row)

    def _shares(self, names: tuple[str, ...]) -> Iterator[Group]:
        """The group of these names, or where that would be one too many, a group for each of them."""
        for part in (names, *((name,) for name in names)) if names else ():
            try:
                yield self._groups.get(part) or self._new_group(part)
            except ValueError:
                if len(part) == 1:
                    what = f"more than {MAX_METRICS:,} different metrics: new ones are not recorded"
                    self._warn("metrics", what)
            else:
                if part == names:
                    return

    def _warn(self, about: str, message: str) -> None:
        """Says something once."""
        if about in self._warned or len(self._warned) >= _MAX_WARNINGS:
            return
        self._warned.add(about)
        with contextlib.suppress(Warning):  # where warnings are errors, the training still goes on
            warnings.warn(f"descentry: {message}", RuntimeWarning, stacklevel=4)
