"""A run whose page is open: its points as they were read, and at their end what has come since."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from descentry.core.data import Floats, Ints
from descentry.core.errors import DescentryError, UnknownNameError
from descentry.web.board._cuts import Scale, cuts_of
from descentry.web.board._data import Curve
from descentry.web.board._follow import Follower, More
from descentry.web.board._pyramid import Columns, Pyramid
from descentry.web.board._units import Unit

MOST_COLUMNS = 8_192
MOST_POINTS = 200_000  # that are handed out as they are, at once
MOST_OVER = 4  # axes that are kept, eight bytes a point each


class Tail:
    """Points that came since the run was read; grows without being copied at each."""

    def __init__(self) -> None:
        self._length = 0
        self._step = np.empty(64, np.int64)
        self._value = np.empty(64)
        self._time = np.empty(64)
        self._points: Pyramid | None = None

    def __len__(self) -> int:
        return self._length

    def append(self, more: More) -> None:
        """Adds points at the end."""
        until = self._length + len(more.step)
        if until > len(self._step):
            room = max(until, 2 * len(self._step))
            for name in ("_step", "_value", "_time"):
                wider = np.empty(room, getattr(self, name).dtype)
                wider[: self._length] = getattr(self, name)[: self._length]
                setattr(self, name, wider)
        self._step[self._length : until] = more.step
        self._value[self._length : until] = more.value
        self._time[self._length : until] = np.nan if more.time is None else more.time
        self._length, self._points = until, None

    @property
    def points(self) -> Pyramid:
        """The points, summed up."""
        if self._points is None:
            self._points = Pyramid.of(self._step[: self._length], self._value[: self._length])
        return self._points

    @property
    def step(self) -> Ints:
        """int64[n]."""
        return self._step[: self._length]

    @property
    def time(self) -> Floats:
        """float64[n], NaN where it is not known."""
        return self._time[: self._length]


class Opened:
    """A run that is open.

    Attributes:
        unit: The logs it was read from, in the state that they were in.
        position: Which run of them it is.
        detail: What its page is told, but for the points.
        generation: How often it was read whole.
        rewritten: The generation since which what was there before is as it was: pages that knew an earlier
            one ask for everything again.
        follower: Reads what comes; None where the run is read whole each time.
    """

    def __init__(self, unit: Unit, position: int) -> None:
        self.unit, self.position = unit, position
        self.detail: dict[str, Any] = {}
        self.generation = self.rewritten = 0
        self.follower: Follower | None = None
        self._curves: dict[str, Curve] = {}
        self._tails: dict[str, Tail] = {}
        self._over: OrderedDict[tuple[str, str], Floats] = OrderedDict()

    def renew(self, unit: Unit, detail: dict[str, Any], curves: Mapping[str, Curve]) -> None:
        """Takes the run as it was read whole; what came meanwhile comes again from its follower."""
        before = {key: self._some(key) for key in self._curves}
        self.unit, self.detail = unit, detail
        self._curves, self._tails = dict(curves), {}
        self._over.clear()
        self.generation += 1
        if not all(self._still(key, *point) for key, points in before.items() for point in points):
            self.rewritten = self.generation

    def _some(self, key: str) -> list[tuple[int, int, float]]:
        """Some points of a series, the last among them: number, step and value."""
        n = self.count(key)
        some = {n * i // 16 for i in range(16)} | {n - 1} if n else set()
        found = []
        for number in sorted(some):
            step, value, _ = self.points(key, number, number + 1)
            found.append((number, int(step[0]), float(value[0])))
        return found

    def _still(self, key: str, number: int, step: int, value: float) -> bool:
        """Whether a point of a series, if it is there already, is the one that it was."""
        if key not in self._curves:
            return False
        if number >= self.count(key):
            return True
        there, now, _ = self.points(key, number, number + 1)
        return bool(there[0] == step and (now[0] == value or (math.isnan(now[0]) and math.isnan(value))))

    def append(self, more: Mapping[str, More]) -> bool:
        """Adds what came; tells whether anything did."""
        for key, points in more.items():
            self._tails.setdefault(key, Tail()).append(points)
        return bool(more)

    @property
    def keys(self) -> list[str]:
        """The series there are."""
        return list(self._curves)

    def count(self, key: str) -> int:
        """How many points a series has."""
        return len(self._curve(key).points) + len(self._tails.get(key, ()))

    def _curve(self, key: str) -> Curve:
        """A series.

        Raises:
            UnknownNameError: There is none of that name.
        """
        if key not in self._curves:
            raise UnknownNameError(f"there is no series {key!r}", name=key, known=self.keys)
        return self._curves[key]

    def _parts(self, key: str, along: str) -> list[Pyramid]:
        """The points of a series in one or two parts, over the x that was asked for."""
        curve, tail = self._curve(key), self._tails.get(key)
        parts = [curve.points] + ([tail.points] if tail else [])
        if along == "step":
            return parts
        if (key, along) not in self._over:
            self._over[key, along] = _rising(self._along(along, curve.points, curve.time, key))
        self._over.move_to_end((key, along))
        while len(self._over) > MOST_OVER:
            self._over.popitem(last=False)
        x = self._over[key, along]
        out = [curve.points.along(x)]
        if tail:
            last = float(x[-1]) if len(x) else -math.inf
            out.append(tail.points.along(_rising(self._along(along, tail.points, tail.time, key), last)))
        return out

    def _along(self, along: str, part: Pyramid, time: Floats | None, key: str) -> Floats:
        """float64[n]: the x of each point of a part of a series.

        Raises:
            DescentryError: It is not known.
        """
        if along == "time":
            if time is None or np.isnan(time).any():
                raise DescentryError(
                    f"the log does not say the times of {key}", how="Draw it over its steps."
                )
            return time
        other = self._curve(along)
        order = np.isfinite(other.points.y)
        if not order.any():
            raise DescentryError(f"{along} has no number to draw over", how="Draw it over its steps.")
        known = np.fmax.accumulate(other.points.y[order])
        return np.interp(part.x.astype(np.float64), other.step[order].astype(np.float64), known)

    def extent(self, key: str, along: str = "step") -> tuple[float, float] | None:
        """The first and last x of a series; None where it has no points."""
        parts = [part for part in self._parts(key, along) if len(part)]
        return (float(parts[0].x[0]), float(parts[-1].x[-1])) if parts else None

    def tile(
        self, key: str, low: float, high: float, columns: int, scale: Scale = "linear", along: str = "step"
    ) -> Columns:
        """The points of a series between two x, in about so many columns; see ``Pyramid.tile``.

        Raises:
            UnknownNameError: There is no series of that name.
            DescentryError: It cannot be drawn over that x.
        """
        columns = min(max(columns, 1), MOST_COLUMNS)
        tiles = []
        for part in self._parts(key, along):
            cuts = cuts_of(part.x, low, high, columns, scale)
            if len(cuts) > 1:
                tiles.append(part.tile(cuts))
        if not tiles:
            return Pyramid.of([], []).tile(np.zeros(1, np.int64))
        return {name: np.concatenate([tile[name] for tile in tiles]) for name in tiles[0]}

    def outside(
        self, key: str, low: float, high: float, bottom: float, top: float, along: str = "step"
    ) -> tuple[int, int]:
        """How many finite values between two x are above a scale, and how many below it."""
        above = below = 0
        for part in self._parts(key, along):
            i, j = np.searchsorted(part.x, low), np.searchsorted(part.x, high, side="right")
            over, under = part.outside(int(i), int(j), bottom, top)
            above, below = above + over, below + under
        return above, below

    def points(self, key: str, start: int, stop: int) -> tuple[Ints, Floats, Floats]:
        """Steps, values and times (NaN where they are not known) of the points from one number to another."""
        curve, tail = self._curve(key), self._tails.get(key)
        n = len(curve.points)
        parts: list[tuple[Ints, Floats, Floats]] = [
            (curve.step[start:stop], curve.points.y[start:stop], _times(curve, start, stop))
        ]
        if tail and stop > n:
            a, b = max(start - n, 0), stop - n
            parts.append((tail.step[a:b], tail.points.y[a:b], tail.time[a:b]))
        step, value, time = (np.concatenate(column) for column in zip(*parts, strict=True))
        return step, value, time


def _rising(x: Floats, least: float = -math.inf) -> Floats:
    """An axis that never goes back: clocks are set back now and then, and counters start over."""
    return np.asarray(np.fmax(np.fmax.accumulate(x), least) if len(x) else x, np.float64)


def _times(curve: Curve, start: int, stop: int) -> Floats:
    if curve.time is None:
        return np.full(len(curve.points.y[start:stop]), np.nan)
    return curve.time[start:stop]
