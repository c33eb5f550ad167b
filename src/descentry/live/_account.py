"""What one instrument has cost, and what its next reading will cost."""

from __future__ import annotations

from dataclasses import dataclass

from descentry.instruments._entry import Instrument

ONCE = 4  # readings of what is measured "once": in the first steps, whose batches differ
FAILURES = 3  # errors of an instrument, one after the other, before it is left alone
CAUTION = 1.5  # what declared costs are multiplied by until they have been measured
MARGIN = 1.1  # and measured ones
LEAST = 1e-4  # seconds that a reading takes whatever its cost


@dataclass(frozen=True)
class Rates:
    """Seconds that a gradient, and an elementwise pass over the parameters, take."""

    gradient: float
    elementwise: float


@dataclass(eq=False)
class Account:
    """The account of one instrument.

    Attributes:
        instrument: The instrument.
        spent: Seconds so far.
        readings: How often it was read.
        found: Numbers that it gave.
        measured: Seconds of a reading, smoothed; None before the first.
        failures: Errors, one after the other.
        given_up: Why it is not read; empty where it is.
        until: The step up to which it has to be read, where steps in a row are compared.
        left: Readings of its turn that are still to be taken.
        chosen_at: Seconds that had passed when its last turn came.
    """

    instrument: Instrument
    spent: float = 0.0
    readings: int = 0
    found: int = 0
    measured: float | None = None
    failures: int = 0
    given_up: str = ""
    until: int = -1
    left: int = 0
    chosen_at: float = 0.0

    @property
    def wanted(self) -> bool:
        """Whether it is to be read again at all."""
        if self.given_up:
            return False
        instrument = self.instrument
        return instrument.how_often != "once" or self.readings < max(ONCE, instrument.consecutive)

    @property
    def begun(self) -> bool:
        """Whether a step was read that tells nothing without the next."""
        return self.until >= 0 and 0 < self.left < self.instrument.consecutive

    def paid(self, seconds: float) -> None:
        """A reading was taken."""
        self.spent += seconds
        self.readings += 1
        self.left = max(0, self.left - 1)
        # The first reading warms caches up, and tells little about those that follow.
        before = self.measured
        self.measured = seconds if before is None or self.readings == 2 else 0.7 * before + 0.3 * seconds

    def corrected(self, seconds: float) -> None:
        """A reading took so much longer than was known: on the device, while nobody waited."""
        self.spent += seconds
        if self.measured is not None:
            self.measured += seconds if self.readings <= 2 else 0.3 * seconds

    def price(self, rates: Rates) -> float:
        """Seconds that a reading will take."""
        if self.measured is not None:
            return max(LEAST, MARGIN * self.measured)
        cost = self.instrument.cost
        return LEAST + CAUTION * (cost.gradients * rates.gradient + cost.passes * rates.elementwise)

    def turn(self, rates: Rates) -> float:
        """Seconds that a whole turn will take: steps in a row, where they are compared."""
        return self.instrument.consecutive * self.price(rates)
