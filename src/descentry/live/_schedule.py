"""Spends the time that watching may take: which instruments are read at which steps.

The promise: what was spent never exceeds the larger of :data:`ADVANCE` seconds and ``overhead`` times the
time that has passed. The advance is on the budget and not beside it: at 2%, a run of twelve seconds and a
half has caught up with it, and from there on the share is kept. It is meant in seconds of work. On a machine
that others keep busy everything takes longer, the training as well: the advance then is as much longer, or a
short run would be left with a reading or two.

First, one reading of every instrument is bought as early as it can be paid, the most informative for their
cost first; where such a first reading is not too dear, all else waits until it is paid. What a reading costs
is a guess until it has been taken, and the first steps of a training are slow: so that one bad guess does not
use up what would have paid for everything else, dear first readings come a step after the cheap ones. A part
of the advance is kept from all first readings, for a second look at what is cheap: many faults show late.

Then each instrument gets a share of the budget in proportion to √(cost · information). What an instrument
would have told between two readings is missing for a time that grows with their distance, and this rule makes
the sum of what is missing the smallest that the budget allows: minimise Σ informationᵢ · intervalᵢ with
Σ costᵢ / intervalᵢ fixed, so intervalᵢ ∝ √(costᵢ / informationᵢ).

There are two pots. The advance is shared among the instruments that it can pay; half of it is there for the
first steps, the rest comes with the logarithm of the steps, so that readings lie densely at the start of a
run and ever farther apart. What comes after the advance comes with the time, is shared among all, and spreads
their readings evenly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from descentry.instruments._entry import Instrument
from descentry.live._account import Account, Rates
from descentry.live._crowd import Crowd
from descentry.live._shares import AT_ONCE, SPREAD, Share

ADVANCE = 0.25  # seconds of work
KEPT = 0.2  # of the advance: for later readings
WITHIN = 0.5  # of the advance: what costs more has no share of it
CARRIED = 0.1  # of the price of what is due: what else may be read along with it
SAVED_FOR = (
    2.0  # times the advance: what a first reading may cost for everything else to wait until it is paid
)
CATCH_UP = 0.5  # of the time between two turns has to pass before the next
FIRST = 4.0  # times the information: how much more the first reading of an instrument tells
DEAR = 0.1  # of what is left: a first reading that may cost more waits until what costs less was read
CHEAP = 1.0  # gradients: what may be read before it is known how long one takes
PAUSE = 2e-3  # seconds before it is decided again, twice as many each time that nothing comes of it
PATIENCE = 0.02  # of the time and the steps so far: what the pauses grow up to


class Schedule:
    """Which instruments to read next.

    Args:
        instruments: All that may be read.
        overhead: The share of the time that may be spent; with 0 nothing is read.

    Attributes:
        accounts: Of each instrument, by its id.
        other: Seconds spent on anything but readings: scalars, the run folder.
        pending: Seconds of the present step that its readings share: captures, hooks.
        crowd: Is told how long our work took.
    """

    def __init__(self, instruments: Iterable[Instrument], overhead: float) -> None:
        self.accounts = {i.id: Account(i) for i in instruments}
        self.overhead = overhead
        self.other = self.pending = 0.0
        self.crowd = Crowd()
        self._taken: dict[Account, float] = {}  # readings of the present step
        self._fruitless = 0  # decisions, one after the other, of which nothing came

    @property
    def spent(self) -> float:
        """Seconds, in all."""
        read = sum(a.spent for a in self.accounts.values()) + sum(self._taken.values())
        return self.other + self.pending + read

    def account_of_all(self, elapsed: float) -> dict[str, Any]:
        """What was spent, in all and on what, and how often each was read."""
        read = {n: a for n, a in self.accounts.items() if a.readings}
        return {
            "seconds": self.spent,
            "elapsed": elapsed,
            "share": self.spent / elapsed if elapsed > 0 else 0.0,
            "instruments": {n: a.spent for n, a in read.items()},
            "readings": {n: a.readings for n, a in read.items()},
        }

    def took(self, account: Account, seconds: float) -> None:
        """A reading was taken at the present step."""
        self._taken[account] = self._taken.get(account, 0.0) + seconds

    def settle(self) -> None:
        """The step is over: what its readings had in common is shared out among them."""
        self.pending = max(0.0, self.pending)  # rounding
        if not self._taken:
            self.other += self.pending
        for account, seconds in self._taken.items():
            account.paid(seconds + self.pending / len(self._taken))
        self.pending = 0.0
        self._taken = {}

    @property
    def advance(self) -> float:
        """Seconds that may be spent before they are earned."""
        return ADVANCE * self.crowd.stretch

    def allowed(self, elapsed: float) -> float:
        """Seconds that may have been spent when ``elapsed`` seconds have passed."""
        return max(self.advance, self.overhead * elapsed) if self.overhead > 0 else 0.0

    def can_pay(self, account: Account, elapsed: float, rates: Rates) -> bool:
        """Whether one more reading keeps the promise; steps in a row that were begun are finished."""
        return account.begun or self.spent + account.price(rates) <= self.allowed(elapsed)

    def choose(self, step: int, elapsed: float, rates: Rates) -> list[Account]:
        """What to read at a step, the first thing first."""
        wanted = [a for a in self.accounts.values() if a.wanted]
        bound = [a for a in wanted if a.until >= step]
        left = self.allowed(elapsed) - self.spent - sum(a.price(rates) for a in bound)
        shares = self._shares(wanted, rates)
        advance, later = self._pots(step, elapsed)
        if self._saving(wanted, rates):
            later = 0.0
        ready = [a for a in wanted if elapsed >= self._rested(a, shares[a], elapsed)]
        due = [
            a for a in ready if a not in bound and (not a.readings or shares[a].covered_by(advance, later))
        ]
        turns = {a: a.turn(rates) for a in wanted}
        due.sort(key=lambda a: (a.readings > 0, -a.instrument.information / turns[a]))
        chosen = list(bound)
        kept = KEPT * self.advance if self.overhead * elapsed < self.advance else 0.0
        for account in _cheap_first(due, turns, left - kept, rates):
            if turns[account] <= left - (0.0 if account.readings else kept):
                left -= turns[account]
                account.until = step + account.instrument.consecutive - 1
                account.left = account.instrument.consecutive
                account.chosen_at = elapsed
                chosen.append(account)
        self._fruitless = 0 if chosen else self._fruitless + 1
        rest = sorted(set(wanted) - set(chosen), key=lambda a: (turns[a], a.instrument.id))
        return chosen + _carried_along(rest, chosen, turns, left)

    def next_look(self, step: int, elapsed: float, rates: Rates) -> tuple[float, float]:
        """The step, and the seconds elapsed, from either of which on something may be due."""
        wanted = [a for a in self.accounts.values() if a.wanted]
        if not wanted or self.overhead <= 0:
            return math.inf, math.inf
        if any(a.until > step for a in wanted):
            return step + 1, math.inf
        shares, spent, advance = self._shares(wanted, rates), self.spent, self.advance
        saving = self._saving(wanted, rates)
        at_step = at_time = math.inf
        for account in wanted:
            affordable = (spent + account.turn(rates)) / self.overhead
            if not account.readings:
                at_time = min(at_time, affordable)
                continue
            early, late = shares[account].when(self.overhead, advance)
            if not saving:
                rested = self._rested(account, shares[account], max(late, affordable))
                at_time = min(at_time, max(late, affordable, rested))
            if affordable * self.overhead <= advance:
                at_step = min(at_step, early)
        doublings = min(self._fruitless, 30)
        pause = min(PAUSE * 2**doublings, max(PAUSE, PATIENCE * elapsed))
        wait = min(2**doublings, max(1, int(PATIENCE * step)))
        return max(at_step, step + wait), max(at_time, elapsed + pause)

    def _shares(self, wanted: Sequence[Account], rates: Rates) -> dict[Account, Share]:
        weights = {}
        for account in wanted:
            information = account.instrument.information * (1 if account.readings else FIRST)
            weights[account] = math.sqrt(information * account.turn(rates))
        cheap = {a for a in wanted if a.turn(rates) <= WITHIN * self.advance}
        early, late = sum(weights[a] for a in cheap), sum(weights.values())
        gone = self.other + sum(a.spent for a in self.accounts.values() if not a.wanted)
        return {
            a: Share(w / early if a in cheap else 0.0, w / late, a.turn(rates), a.spent, gone)
            for a, w in weights.items()
        }

    def _rested(self, account: Account, share: Share, elapsed: float) -> float:
        """When a turn may follow the last: what was saved up is spent at twice the pace, not at a stroke."""
        if self.overhead * elapsed <= self.advance or not account.readings:
            return 0.0
        return account.chosen_at + CATCH_UP * share.turn / (share.late * self.overhead)

    def _pots(self, step: int, elapsed: float) -> tuple[float, float]:
        earned, advance = self.overhead * elapsed, self.advance
        part = AT_ONCE + (1 - AT_ONCE) * min(1.0, math.log2(step + 1) / SPREAD)
        return max(advance * part, min(advance, earned)), max(0.0, earned - advance)

    def _saving(self, wanted: Sequence[Account], rates: Rates) -> bool:
        """Whether what comes with the time is kept for the first reading of something."""
        return any(not a.readings and a.turn(rates) <= SAVED_FOR * self.advance for a in wanted)


def _cheap_first(due: list[Account], turns: dict[Account, float], left: float, rates: Rates) -> list[Account]:
    """What is due, but for first readings that may be dear while there are some that are not."""
    first = [a for a in due if not a.readings]
    limit = CHEAP if not rates.gradient else math.inf
    dear = {a for a in first if turns[a] > DEAR * left or a.instrument.cost.gradients > limit}
    return [a for a in due if a not in dear] if len(dear) < len(first) else due


def _carried_along(
    rest: Sequence[Account], chosen: Sequence[Account], turns: dict[Account, float], left: float
) -> list[Account]:
    """What adds little to a step that is measured anyway, and needs nothing more to be captured."""
    needs = {need for a in chosen for need in a.instrument.needs}
    limit = CARRIED * sum(turns[a] for a in chosen)
    found = []
    for account in rest:
        if account.instrument.consecutive > 1 or not account.instrument.needs <= needs:
            continue
        if turns[account] > min(limit, left):
            break
        limit, left = limit - turns[account], left - turns[account]
        found.append(account)
    return found
