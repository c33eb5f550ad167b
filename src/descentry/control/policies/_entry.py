"""What a policy is: a pure function from what is known of a run to a decision, or to none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Any, Literal

from descentry.control._start import Pace
from descentry.control.monitors import Alarm
from descentry.core.data import Decision, Diagnosis, Forecast, Remedy

Schedule = Literal["constant", "own", "pilot"]
Phase = Literal["start", "cruise", "proving"]


@dataclass(frozen=True)
class Known:
    """What is known when something has happened that a policy may answer.

    Attributes:
        step: The update whose loss was seen last.
        loss: That loss.
        phase: ``start`` in the first steps at the rate that was given, ``proving`` in the steps after a
            return, ``cruise`` else.
        first: The level of the loss before training.
        origin: The very first loss.
        level: The level now: the median of the last 16 losses.
        best: The lowest level so far, of those that still count: after a return, none later than it.
        lowest: The lowest level of all.
        noise: Standard deviation of single losses about their trend.
        fell: By how much the loss fell over the first steps, and the standard error of that, where it may be
            judged just now, else None.
        pace: How the loss fell at the beginning and at the end of the first steps, where that may be judged
            just now, else None.
        moved: How far the weights have moved by then in each step, over their size; None where not known.
        last_look: Whether this is the last time that it may be.
        alarms: What the monitors say of this step, by their ids; ``risen`` where the level has risen too far.
        calm: The last step at which the level was still near its best.
        rate: The learning rate in force, of the first group.
        share: That rate over the highest so far.
        schedule: Who lets the rate change: nobody (``constant``), the training's ``own`` scheduler, or the
            ``pilot``.
        kept: Steps at which the training was kept and can be put back.
        returns: Steps at which it was put back before.
        futile: Returns in a row, each soon after the last, each of which cut the rate.
        undone: What the rate would have to be multiplied with to be what it was before these.
        cuts: Steps at which a plateau was answered.
        paid: What the last of these cuts has brought since, as a share of the whole gain.
        skips: Batches that were skipped in a row.
        bad: Losses in a row that were no numbers, skipped ones among them.
        sound: Whether a loss was a number since the training was put back last.
        offered: Whether the step has not been made yet, so that it can be left out.
        searches: How often a rate was searched for.
        may_search: Whether it may be.
        found: What a search that has just ended came to: ``rate``, ``low``, ``high``, ``steps``; empty where
            none has, and without ``rate`` where it found none.
        proof: The lowest loss right after a return, where enough was seen of it, else None.
        mark: The level that it should come back to, and the one it was taken back from.
        acts: Interventions so far.
        most: How many there may be.
        stopped: Whether it was advised to stop before.
        falling: Whether the loss has gone on falling since a step, slowly as it may be.
        diagnoses: What the causes come to, the likeliest first, where the run was just diagnosed.
        outlook: Forecasts what twice as many steps would bring; some milliseconds.
    """

    step: int
    loss: float
    phase: Phase = "cruise"
    first: float = 1.0
    origin: float = 1.0
    level: float = 1.0
    best: float = 1.0
    lowest: float = 1.0
    noise: float = 0.0
    fell: tuple[float, float] | None = None
    pace: Pace | None = None
    moved: float | None = None
    last_look: bool = False
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    calm: int = 0
    rate: float = 0.1
    share: float = 1.0
    schedule: Schedule = "constant"
    kept: tuple[int, ...] = ()
    returns: tuple[int, ...] = ()
    futile: int = 0
    undone: float = 1.0
    cuts: tuple[int, ...] = ()
    paid: float = 0.0
    skips: int = 0
    bad: int = 0
    sound: bool = True
    offered: bool = False
    searches: int = 0
    may_search: bool = True
    found: Mapping[str, float] = field(default_factory=dict)
    proof: float | None = None
    mark: tuple[float, float] = (0.0, 0.0)
    acts: int = 0
    most: int = 10
    stopped: bool = False
    falling: Callable[[int], bool] = lambda _: False
    diagnoses: tuple[Diagnosis, ...] = ()
    outlook: Callable[[], Forecast | None] = lambda: None

    @property
    def risen(self) -> bool:
        """Whether the loss runs away, by whichever sign."""
        return "risen" in self.alarms or "diverging" in self.alarms

    @property
    def broken(self) -> bool:
        """Whether the loss is no number."""
        return "non-finite" in self.alarms


@dataclass(frozen=True)
class Case:
    """Something known, and what is to be decided of it.

    Attributes:
        name: What it is, in a few words.
        known: The state of things.
        change: The change that is decided; None where nothing is.
    """

    name: str
    known: Known
    change: Mapping[str, Any] | None


@dataclass(frozen=True)
class Policy:
    """One policy; every file of the room defines one as ``POLICY``.

    Attributes:
        id: Its name in decisions.
        title: What it does, in a few words.
        turn: Policies of lower turns are asked first, and the first to decide has decided.
        decide: The policy itself. It keeps nothing and changes nothing.
        cases: What it decides in states that show what it is about, and where it holds back.
    """

    id: str
    title: str
    turn: int
    decide: Callable[[Known], Decision | None]
    cases: tuple[Case, ...]


def decided(
    policy: str,
    known: Known,
    because: str,
    change: Mapping[str, Any],
    remedy: str,
    look_for: str,
    **numbers: float,
) -> Decision:
    """A decision to apply a remedy that a pilot may apply."""
    cure = Remedy(remedy, dict(change), because, look_for, "automatic")
    return Decision(known.step, policy, because, cure, {"loss": known.loss, **numbers})


def rate_of(known: Known) -> str:
    """The rate in words, which a recorded run may not tell."""
    return "this learning rate" if isnan(known.rate) else f"a learning rate of {known.rate:.2g}"


def lowered(known: Known, factor: float, share: str) -> str:
    """A lower rate in words: "a learning rate of 0.01, a tenth of what it was"."""
    if isnan(known.rate):
        return f"{share} of the learning rate"
    return f"a learning rate of {known.rate * factor:.2g}, {share} of what it was"


def before(known: Known, step: int) -> int | None:
    """The latest kept state that is no later than a step; the earliest where all are later."""
    earlier = [k for k in known.kept if k <= step]
    return max(earlier) if earlier else min(known.kept, default=None)
