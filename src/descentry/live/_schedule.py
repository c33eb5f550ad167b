"""Spends the time that watching may take: which instruments are read at which steps.

The promise: what was spent never exceeds the larger of :data:`ADVANCE` seconds and ``overhead`` times the
time that has passed. The advance is paid back: a run of twelve seconds and a half has caught up with it at
2%, and from there on the share is kept.

Two things are bought with it. First, one reading of every instrument as early as can be paid, the most
informative for their cost first. Then each instrument gets a share of the budget in proportion to
√(cost · information). Between two readings, what an instrument would have told is missing for a time that
grows with their distance, and that rule makes the sum of what is missing the smallest that the budget allows:
minimise Σ informationᵢ · intervalᵢ with Σ costᵢ / intervalᵢ fixed, and intervalᵢ ∝ √(costᵢ / informationᵢ).

The advance is not spent at once. Half of it is there for the first steps, the rest comes with the logarithm
of the steps, so that readings lie densely at the start of a run and ever farther apart. What comes after the
advance comes with the time, and spreads readings evenly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from descentry.instruments._entry import Instrument

ADVANCE = 0.25  # seconds
AT_ONCE = 0.5  # of the advance: what is there for the first step
SPREAD = 13  # doublings of the number of steps over which the rest comes: 8,192 steps
ONCE = 4  # readings of what is measured "once": in the first steps, whose batches differ
FAILURES = 3  # errors of an instrument, one after the other, before it is left alone
CAUTION = 1.5  # what declared costs are multiplied by until they have been measured
MARGIN = 1.1  # and measured ones
OVERHEAD_OF_ONE = 1e-4  # seconds that a reading takes whatever its cost
PATIENCE = 1.02  # by how much time and steps have to grow before a plan that came to nothing is made again
CARRIED = 0.1  # of the price of what is due: what else may be read along with it
FIRST = 4.0  # times the information: how much more the very first reading of an instrument tells


@dataclass(eq=False)
class Account:
    """What one instrument has cost and what it will cost."""

    instrument: Instrument
    spent: float = 0.0
    readings: int = 0
    measured: float | None = None  # seconds of a reading, smoothed
    found: int = 0  # single numbers
    failures: int = 0
    given_up: str = ""
    until: int = -1  # the step up to which it has to be read, where steps in a row are compared

    @property
    def wanted(self) -> bool:
        """Whether it is to be read again at all."""
        if self.given_up:
            return False
        instrument = self.instrument
        return instrument.how_often != "once" or self.readings < ONCE * instrument.consecutive

    def paid(self, seconds: float) -> None:
        """A reading was taken."""
        self.spent += seconds
        self.readings += 1
        # The first reading warms caches up, and tells little about those that follow.
        before = self.measured
        self.measured = seconds if before is None or self.readings == 2 else 0.7 * before + 0.3 * seconds


@dataclass(frozen=True)
class Rates:
    """Seconds that a gradient and an elementwise pass over the parameters take."""

    gradient: float
    elementwise: float


class Schedule:
    """Which instruments to read next.

    Args:
        instruments: All that may be read.
        overhead: The share of the time that may be spent; with 0 nothing is read.
    """

    def __init__(self, instruments: Iterable[Instrument], overhead: float) -> None:
        self.accounts = {i.id: Account(i) for i in instruments}
        self.overhead = overhead
        self.other = 0.0  # seconds spent on anything but readings: scalars, the run folder
        self.pending = 0.0  # seconds of the present step that several readings share: captures, hooks
        self._taken: dict[Account, float] = {}  # readings of the present step

    @property
    def spent(self) -> float:
        """Seconds, in all."""
        return (
            self.other
            + self.pending
            + sum(a.spent for a in self.accounts.values())
            + sum(self._taken.values())
        )

    def took(self, account: Account, seconds: float) -> None:
        """A reading was taken at the present step."""
        self._taken[account] = self._taken.get(account, 0.0) + seconds

    def settle(self) -> None:
        """The step is over: what its readings had in common is shared out among them."""
        if not self._taken:
            self.other += self.pending
        for account, seconds in self._taken.items():
            account.paid(seconds + self.pending / len(self._taken))
        self.pending = 0.0
        self._taken = {}

    def allowed(self, elapsed: float) -> float:
        """Seconds that may have been spent when ``elapsed`` seconds have passed."""
        return max(ADVANCE, self.overhead * elapsed) if self.overhead > 0 else 0.0

    def can_pay(self, account: Account, elapsed: float, rates: Rates) -> bool:
        """Whether one more reading keeps the promise."""
        return self.spent + self.price(account, rates) <= self.allowed(elapsed)

    def price(self, account: Account, rates: Rates) -> float:
        """Seconds that a reading will take."""
        if account.measured is not None:
            return MARGIN * account.measured
        cost = account.instrument.cost
        return OVERHEAD_OF_ONE + CAUTION * (cost.gradients * rates.gradient + cost.passes * rates.elementwise)

    def choose(self, step: int, elapsed: float, rates: Rates) -> list[Account]:
        """What to read at a step, the first thing first."""
        wanted = [a for a in self.accounts.values() if a.wanted]
        prices = {a: a.instrument.consecutive * self.price(a, rates) for a in wanted}
        bound = [a for a in wanted if a.until >= step]
        left = self.allowed(elapsed) - self.spent - sum(self.price(a, rates) for a in bound)
        ceilings = self._ceilings(wanted, prices)
        released = self._released(step, elapsed)
        due = [a for a in wanted if a not in bound and (not a.readings or ceilings[a] <= released)]
        due.sort(key=lambda a: (a.readings > 0, -a.instrument.information / prices[a]))
        chosen = list(bound)
        for account in due:
            if prices[account] <= left:
                left -= prices[account]
                account.until = step + account.instrument.consecutive - 1
                chosen.append(account)
        return chosen + self._carried_along(wanted, chosen, prices, left)

    def _carried_along(
        self, wanted: Sequence[Account], chosen: Sequence[Account], prices: dict[Account, float], left: float
    ) -> list[Account]:
        """What adds little to a step that is measured anyway, and needs nothing more to be captured."""
        needs = {need for a in chosen for need in a.instrument.needs}
        limit = CARRIED * sum(prices[a] for a in chosen)
        found = []
        for account in sorted(set(wanted) - set(chosen), key=lambda a: (prices[a], a.instrument.id)):
            price = prices[account]
            if account.instrument.consecutive > 1 or not account.instrument.needs <= needs:
                continue
            if price > limit or price > left:
                break
            limit, left = limit - price, left - price
            found.append(account)
        return found

    def next_look(self, step: int, elapsed: float, rates: Rates) -> tuple[float, float]:
        """The step, and the seconds elapsed, from either of which on something may be due."""
        wanted = [a for a in self.accounts.values() if a.wanted]
        if not wanted or self.overhead <= 0:
            return math.inf, math.inf
        if any(a.until > step for a in wanted):
            return step + 1, math.inf
        prices = {a: a.instrument.consecutive * self.price(a, rates) for a in wanted}
        ceilings = self._ceilings(wanted, prices)
        spent = self.spent
        # Where it has been read: its share has to be released. Always: it has to be affordable.
        release = min(max(ceilings[a] if a.readings else 0.0, spent + prices[a]) for a in wanted)
        at_time = max(release / self.overhead, PATIENCE * elapsed)
        at_step: float = math.inf
        if release <= ADVANCE:
            at_step = max(self._step_of(release), step + 1, PATIENCE * step)
        return at_step, at_time

    def not_read(self) -> list[Account]:
        """Those that were never read, although nothing speaks against them but their cost."""
        return [a for a in self.accounts.values() if not a.readings and not a.given_up]

    def _ceilings(self, wanted: Sequence[Account], prices: dict[Account, float]) -> dict[Account, float]:
        """How much has to be released in all before an instrument may be read again by its share."""
        weights = {}
        for account in wanted:
            information = account.instrument.information * (1 if account.readings else FIRST)
            weights[account] = math.sqrt(information * prices[account])
        total = sum(weights.values())
        done = self.other + sum(a.spent for a in self.accounts.values() if not a.wanted)
        return {a: done + (a.spent + prices[a]) * total / weights[a] for a in wanted}

    def _released(self, step: int, elapsed: float) -> float:
        part = AT_ONCE + (1 - AT_ONCE) * min(1.0, math.log2(step + 1) / SPREAD)
        return max(ADVANCE * part, self.overhead * elapsed)

    def _step_of(self, released: float) -> float:
        part = (released / ADVANCE - AT_ONCE) / (1 - AT_ONCE)
        return 0.0 if part <= 0 else math.ceil(2 ** (SPREAD * part)) - 1
