"""Evidence that a level falls more slowly than at a stated pace, or rises.

Whether a loss is "no longer improving" can only be tested against a pace that would count as improving.
Let a window start at position T, and let P be the fall over a doubling of the run that would be worth
having. If the level falls by at least P log₂(t/T) from there on, then value + P log₂(t/T) is a level that
never rises plus noise, which is just what ``_ranks`` tests. Windows start four times an octave of the run
and live for one octave, so that few are alive at a time, and each takes a share of the probability
(``_spending``). T, P and the length of the blocks are fixed when a window starts, from the past alone.

    P = the larger of   meaningful × (the scale of the gain so far)   and   noisy × (the noise of a value)

The scale of the gain is the geometric mean of the gain since the first values and since T/16, after
docs/decisions/0005-story-thresholds.md; the least that P can be is the resolution of single precision.

Blocks are means of T/32 values, four at least: neighbouring blocks of a correlated sequence depend on
each other less and less as the run goes on. Means, not medians: the losses of tiny batches are mostly
near zero, and it is the rare large ones that still fall. Wild values cost power, never the promise,
because ranks are compared.

Cost: O(1) time amortised (four or five bisections a block) and O(1) memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, log2
from typing import Any

from descentry.control.monitors._entry import Alarm
from descentry.control.monitors._ranks import BLOCKS, Ranks
from descentry.control.monitors._spending import checked, log_price
from descentry.control.monitors._state import dump, fill

GROUP = 4  # values to a group, the least of which blocks are made
FIRST = 16  # groups before the first window
GROWTH = 2.0**0.25
LEAST = 0.2  # a window says nothing before it has seen this share of the run before it
BENDS = 31  # groups from which the noise is read
RESOLUTION = 4e-6  # of the level: 32 units in the last place of single precision
# Standard deviation of a value over the median absolute second difference, for normal noise: 1/(0.6745 √6).
_NOISE_OF_VALUE = 0.605


class Window:
    """Where it starts (in groups, and as a step), what counts as improving, and the ranks of its blocks.

    ``slow`` holds the evidence against "falls by at least P", ``calm`` that against "rises by at least P".
    """

    __slots__ = (
        "begun",
        "blocks",
        "calm",
        "calmly",
        "pace",
        "part",
        "price",
        "size",
        "slow",
        "slowly",
        "start",
        "sum",
    )

    def __init__(self, start: int = 1, begun: int = 0, pace: float = 0.0, price: float = 0.0) -> None:
        self.start, self.begun, self.pace, self.price = start, begun, pace, price
        self.size = max(1, start // BLOCKS)
        self.blocks = self.part = 0
        self.sum = 0.0
        self.slow, self.calm = Ranks(), Ranks()
        self.slowly = self.calmly = 1.0

    def add(self, level: float, both: bool) -> bool:
        """Take the mean of a group in; whether a block has become full."""
        self.sum += level
        self.part += 1
        if self.part < self.size:
            return False
        block = self.sum / self.size
        self.blocks += 1
        due = self.pace * log2(1.0 + self.blocks * self.size / self.start)
        self.slowly = self.slow.add(block + due)
        if both:
            self.calmly = self.calm.add(due - block)
        self.part, self.sum = 0, 0.0
        return True


class Levels:
    """What a new window needs to know of the past: the first level, the present one, others, the noise."""

    __slots__ = ("bends", "count", "first", "now", "past")

    def __init__(self) -> None:
        self.count = 0
        self.first = self.now = 0.0
        self.bends: list[float] = []
        self.past: list[list[float]] = []

    def add(self, level: float, bend: float) -> None:
        """Take in the mean of a group, and the second difference of three values in it."""
        n = self.count = self.count + 1
        self.bends.append(bend if bend >= 0.0 else -bend)
        if n > BENDS:
            del self.bends[0]
        if n == 1:
            self.first = self.now = level
        else:
            self.now += max(1.0 / n, 0.125) * (level - self.now)

    def noise(self) -> float:
        """The standard deviation of a value about the trend."""
        return _NOISE_OF_VALUE * sorted(self.bends)[len(self.bends) // 2]

    def pace(self, meaningful: float, noisy: float) -> float:
        """The fall over a doubling of the run that would be worth having."""
        since = next((level for n, level in self.past if n * 16 >= self.count), self.first)
        scale = (max(self.first - self.now, 0.0) * max(since - self.now, 0.0)) ** 0.5
        floor = max(RESOLUTION * abs(self.now), 1e-30)
        pace: float = max(meaningful * scale, noisy * self.noise(), floor)
        return pace

    def mark(self) -> None:
        """Keep the present level; those that are too old to be asked for go."""
        self.past = [mark for mark in self.past if mark[0] * 20 >= self.count]
        self.past.append([self.count, self.now])


class PaceWatch:
    """Takes values in and keeps the windows; their owner says what enough evidence means."""

    __slots__ = (
        "_alpha",
        "_both",
        "_group",
        "_levels",
        "_log",
        "_made",
        "_meaningful",
        "_next",
        "_noisy",
        "_told",
        "_windows",
    )

    def __init__(self, alpha: float, meaningful: float, noisy: float, both: bool) -> None:
        self._alpha = checked(alpha)
        self._log = -log(self._alpha)
        self._meaningful, self._noisy, self._both = meaningful, noisy, both
        self._group: list[float] = []
        self._levels = Levels()
        self._windows: list[Window] = []
        self._next = FIRST
        self._made = 0
        self._told = False

    def take(self, step: int, value: float) -> Window | None:
        """The next value; a window that has enough evidence. Non-finite values are passed over."""
        if value - value != 0.0 or self._told:
            return None
        group = self._group
        group.append(value)
        if len(group) < GROUP:
            return None
        level = sum(group) / GROUP
        self._levels.add(level, group[0] - 2.0 * group[1] + group[2])
        group.clear()
        return self._whole(step, level)

    def _whole(self, step: int, level: float) -> Window | None:
        found, worn = None, False
        for window in self._windows:
            if window.add(level, self._both):
                if window.slowly > 1.0 and self._shown(window):
                    found = window
                worn = worn or window.blocks == BLOCKS
        if worn:
            self._windows = [w for w in self._windows if w.blocks < BLOCKS]
        n = self._levels.count
        if n >= self._next:
            pace = self._levels.pace(self._meaningful, self._noisy)
            self._windows.append(Window(n, step, pace, log_price(self._made)))
            self._levels.mark()
            self._made += 1
            self._next = max(n + 1, round(n * GROWTH))
        return found

    def _shown(self, window: Window) -> bool:
        needed = self._log + window.price
        if window.blocks * window.size < LEAST * window.start or log(window.slowly) < needed:
            return False
        return not self._both or (window.calmly > 1.0 and log(window.calmly) >= needed)

    def gained(self) -> float:
        """How far the level has fallen since the first values."""
        return self._levels.first - self._levels.now

    def noise(self) -> float:
        """The standard deviation of a value about the trend."""
        return self._levels.noise()

    def alarm(self, monitor: str, step: int, window: Window, sentence: str) -> Alarm:
        """What is said of a window; the watch is silent from here on."""
        self._told = True
        return Alarm(monitor, step, window.begun, log(window.slowly), self._log + window.price, sentence)

    def to_dict(self) -> dict[str, Any]:
        """All that the watch knows, as JSON would keep it."""
        return dump(self)

    def refill(self, state: Mapping[str, Any]) -> None:
        """Goes on from what ``to_dict`` returned."""
        windows = [fill(Window(), kept) for kept in state["_windows"]]
        fill(self, state)
        self._windows = windows
