"""The best of what a schedule can do: searched once a level by a script, flown again on every seed.

``benchmarks/flight_oracles.py`` flies a grid of constant rates over the ends of the slider, and the shapes of
``schedules.py`` at the best of them and around it, on one seed; the best few go into
``oracles.json``. On another seed those few are flown, and the best of them is the oracle of that seed: six
flights instead of sixty-one. What it can miss is told by the same script (``--check``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from descentry.web.flight._level import Level
from descentry.web.flight.schedules import SHAPES, Ghost, Schedule, flown
from descentry.web.flight.searched import known

RATES = 25  # of the grid, as the anchors of learning-rate control have it
NEAR = (-1, 0, 1, 2, 3)  # places on the grid beside the best constant rate: decays want a higher peak
KEPT = 6


@dataclass(frozen=True)
class Oracle:
    """The best schedule of one level on one seed.

    Attributes:
        schedule: The schedule.
        best: Its flight.
        constant: The flight of the best constant rate.
    """

    schedule: Schedule
    best: Ghost
    constant: Ghost


def search(level: Level, seed: int) -> Iterator[tuple[Schedule, float]]:
    """Every schedule of the search and its final loss. Cost: 45 flights."""
    rates = np.geomspace(level.low, level.high, RATES).tolist()
    finals = []
    for rate in rates:
        finals.append(_final(level, seed, Schedule("constant", rate)))
        yield Schedule("constant", rate), finals[-1]
    best = int(np.argmin([f if math.isfinite(f) else math.inf for f in finals]))
    for place in (best + near for near in NEAR):
        if 0 <= place < RATES:
            for shape in SHAPES:
                if shape != "constant":
                    chosen = Schedule(shape, rates[place])
                    yield chosen, _final(level, seed, chosen)


def _final(level: Level, seed: int, schedule: Schedule) -> float:
    return list(flown(level, seed, schedule, "", ""))[-1].final  # type: ignore[union-attr]


def candidates(level: Level) -> list[Schedule]:
    """The schedules that are worth flying on a new seed, the best constant rate among them."""
    return [Schedule(entry["shape"], entry["rate"]) for entry in known(level)["schedules"]]


def race(level: Level, seed: int) -> Iterator[Oracle | None]:
    """Flies the candidates on a seed: None now and then, the oracle at the end. Cost: six flights."""
    flights: list[tuple[Schedule, Ghost]] = []
    for schedule in candidates(level):
        for ghost in flown(level, seed, schedule, "oracle", f"the oracle: {schedule.words}"):
            if ghost is None:
                yield None
            else:
                flights.append((schedule, ghost))
    flights.sort(key=lambda pair: pair[1].final if math.isfinite(pair[1].final) else math.inf)
    held = [ghost for schedule, ghost in flights if schedule.shape == "constant"]
    title = held[0].title.replace("the oracle: ", "the best constant rate: ").replace(", held", "")
    yield Oracle(flights[0][0], flights[0][1], replace(held[0], id="constant", title=title))
