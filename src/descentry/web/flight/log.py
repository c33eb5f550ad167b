"""What the pilot did, as data: enough to fly the same flight again anywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from descentry.core.errors import DescentryError
from descentry.web.flight._level import Level, level

Kind = Literal["rate", "batch", "rollback"]

FORMAT = "descentry.flight/1"
MOST_MOVES = 20_000  # a slider moved without pause for a flight, several times over
SEEDS = 1_000_000


@dataclass(frozen=True)
class Move:
    """One control moved.

    Attributes:
        tick: Steps that had been flown.
        kind: Which control.
        value: What it was set to; for a rollback the step that it returned to.
    """

    tick: int
    kind: Kind
    value: float


@dataclass(frozen=True)
class Log:
    """One flight.

    Attributes:
        level: What was flown.
        seed: Of its weights and batches.
        moves: What the pilot did.
        ticks: Steps that were flown before landing.
    """

    level: Level
    seed: int
    moves: tuple[Move, ...]
    ticks: int

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "format": FORMAT,
            "level": self.level.id,
            "seed": self.seed,
            "ticks": self.ticks,
            "moves": [[m.tick, m.kind, m.value] for m in self.moves],
        }


def log_of(data: Any) -> Log:
    """A log from plain data that somebody else may have written.

    Raises:
        DescentryError: It is none.
    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise DescentryError("this is no log of a flight", how=f"It should say that its format is {FORMAT}.")
    moves = data.get("moves")
    if not isinstance(moves, Sequence) or isinstance(moves, str) or len(moves) > MOST_MOVES:
        raise DescentryError(f"the moves of this flight are no list of at most {MOST_MOVES:,}")
    chosen = level(str(data.get("level")))
    return Log(chosen, seed_of(data.get("seed")), tuple(map(_move, moves)), _count(data.get("ticks")))


def seed_of(value: Any) -> int:
    """A seed that somebody typed.

    Raises:
        DescentryError: It is no whole number from 0 to a million.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < SEEDS:
        raise DescentryError("a seed is a whole number from 0 to 999,999")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < SEEDS:
        raise DescentryError("a flight counts its steps from 0 to 999,999")
    return value


def _move(entry: Any) -> Move:
    if not isinstance(entry, Sequence) or len(entry) != 3 or entry[1] not in get_args(Kind):
        raise DescentryError("a move is a list of a step, one of rate, batch and rollback, and a value")
    value = entry[2]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise DescentryError("the value of a move is a finite number")
    return Move(_count(entry[0]), entry[1], float(value))
