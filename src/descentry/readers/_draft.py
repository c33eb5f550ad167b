"""What a reader hands over: points as the log has them, before steps are settled and launches told apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from descentry.core.data import Floats, Gap, Ints
from descentry.core.errors import TooLargeError

MAX_SERIES = 100_000


@dataclass(eq=False)
class Track:
    """The points of one metric.

    Attributes:
        name: As the log has it.
        value: float64[n].
        row: int64[n], increasing: where in the log each point stands (line, record), shared by all tracks
            of the draft, so that points logged together can be matched. None means 0..n-1.
        step: int64[n] where the format says the step of every point; None where it must be found among
            the tracks.
        time: float64[n] seconds since the epoch, or None.
        blanks: Rows where the log left this metric out although it should be there (empty cells that
            stand for NaN).
    """

    name: str
    value: Floats
    row: Ints | None = None
    step: Ints | None = None
    time: Floats | None = None
    blanks: Ints | None = None

    @property
    def rows(self) -> Ints:
        """Where each point stands, whether or not the reader said so."""
        return self.row if self.row is not None else np.arange(len(self.value))

    @property
    def settled(self) -> Ints:
        """The steps, once they are settled.

        Raises:
            ValueError: They are not: a defect of ours.
        """
        if self.step is None:
            raise ValueError(f"the steps of {self.name} are not settled")
        return self.step


@dataclass(eq=False)
class Draft:
    """One run as its format keeps it; ``name`` may be empty (the file's name is used).

    ``step_name`` is what given steps count. Where no track has steps, they are looked for among the tracks.
    """

    tracks: list[Track]
    name: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    step_name: str = "step"


class Collector:
    """Gathers points line by line, for formats that are read that way.

    >>> log = Collector()
    >>> log.add(1, {"loss": 2.5, "lr": 0.1}, step=10)
    >>> [t.name for t in log.draft().tracks]
    ['loss', 'lr']
    """

    def __init__(self) -> None:
        self._points: dict[str, tuple[list[int], list[int | None], list[float], list[float]]] = {}
        self.config: dict[str, Any] = {}
        self.gaps: list[Gap] = []

    def add(
        self,
        row: int,
        values: Mapping[str, float] | Iterable[tuple[str, float]],
        *,
        step: int | None = None,
        time: float | None = None,
    ) -> None:
        """Adds the metrics logged together in one row.

        Raises:
            TooLargeError: There are more different names than any log of training has.
        """
        stamp = float("nan") if time is None else time
        for name, value in values.items() if isinstance(values, Mapping) else values:
            columns = self._points.get(name)
            if columns is None:
                if len(self._points) >= MAX_SERIES:
                    raise TooLargeError(f"more than {MAX_SERIES:,} different metric names")
                columns = self._points[name] = ([], [], [], [])
            columns[0].append(row)
            columns[1].append(step)
            columns[2].append(value)
            columns[3].append(stamp)

    def __len__(self) -> int:
        return sum(len(c[0]) for c in self._points.values())

    def draft(self, name: str = "", step_name: str = "step") -> Draft:
        """The draft of everything added."""
        tracks = []
        for metric, (rows, steps, values, times) in self._points.items():
            stamps = np.array(times, dtype=np.float64)
            tracks.append(
                Track(
                    metric,
                    np.array(values, dtype=np.float64),
                    row=np.array(rows, dtype=np.int64),
                    step=None if None in steps else np.array(steps, dtype=np.int64),
                    time=None if np.isnan(stamps).any() else stamps,
                )
            )
        return Draft(tracks, name=name, config=self.config, gaps=self.gaps, step_name=step_name)


def to_float(text: str) -> float | None:
    """A number as logs write it (``nan``, ``inf``, ``-Infinity``, ``1e-3``), or None if it is none.

    >>> to_float(" 1e-3 "), to_float("-Infinity"), to_float("n/a")
    (0.001, -inf, None)
    """
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None
