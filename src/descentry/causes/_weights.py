"""The fitted weights: what thousands of trainings with known causes say each sign is worth.

``benchmarks/calibrate.py fit`` makes two tables, which lie beside this file: of runs that were watched, and
of what a log alone shows. Only the one that is needed is read. A cause or a sign that it does not know
(one that was added since, or by another distribution) keeps the weights that its file states. How it was
made: docs/decisions/0007-calibration.md.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from descentry.causes._entry import Cause, Clue

VERSION = 3


@dataclass(frozen=True)
class Weights:
    """One fit.

    Attributes:
        base: What each cause is worth before anything is known, in nats.
        clues: For each cause, the weights of each sign's bins; also of signs that its file does not name.
        two: What having two causes adds to the sum of both.
        unlisted: What a cause is worth that is on no list.
        attention: How likely it must be that something is wrong, the cause known or not, before it is said.
    """

    base: Mapping[str, float]
    clues: Mapping[str, Mapping[str, tuple[float, ...]]]
    two: float = -3.0
    unlisted: float = -3.0
    attention: float = 0.95

    def of(self, cause: Cause, clue: Clue) -> tuple[float, ...]:
        """The weights of a clue, in nats: fitted, or as its file states them."""
        fitted = self.clues.get(cause.id, {}).get(clue.sign.id)
        return fitted if fitted is not None and len(fitted) == len(clue.weights) else clue.weights

    def unstated(self, cause: Cause) -> dict[str, tuple[float, ...]]:
        """The weights of signs, by id, that the file of a cause does not name and that were found to tell."""
        stated = {clue.sign.id for clue in cause.clues}
        return {sign: w for sign, w in self.clues.get(cause.id, {}).items() if sign not in stated}

    def prior(self, cause: Cause) -> float:
        """What a cause is worth before anything is known."""
        return self.base.get(cause.id, cause.base)


STATED = Weights({}, {})


def place(watched: bool) -> Path:
    """Where the fit for runs that were watched lies, or that for logs alone."""
    return Path(__file__).with_name("weights-watched.json" if watched else "weights-log.json")


@functools.cache
def table(watched: bool) -> Weights:
    """The fit for runs that were watched, or for logs alone; what the files state where there is none."""
    if not place(watched).exists():
        return STATED
    data = json.loads(place(watched).read_text(encoding="utf-8"))
    return parsed(data) if data.get("version") == VERSION else STATED


def parsed(data: Mapping[str, Any]) -> Weights:
    """One fit from its JSON form."""
    clues = {c: {s: tuple(map(float, w)) for s, w in of.items()} for c, of in data["clues"].items()}
    more = [float(data[name]) for name in ("two", "unlisted", "attention")]
    return Weights(data["base"], clues, *more)
