"""What a pilot sees of the losses: levels, their noise, and the alarms of the monitors. No torch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import pairwise
from math import inf, isfinite, nan

from descentry.behaviours._curve import Curve
from descentry.control import monitors
from descentry.control.monitors import Alarm, Watch
from descentry.core.data import Forecast, Series
from descentry.core.ranks import median
from descentry.forecast import forecast

FORGETS = 0.1  # weight of the latest loss in the level: a time constant of ten steps
COUNTS = 8  # losses before a level is trusted
TIMES, SHARE = 4.0, 0.5  # the guard: so many times the best, and up by such a share of the first
CLEAR = 4.0  # and by so many standard deviations of single losses
NEAR = 1.5  # times the best level, within which all is calm
RECENT = 32  # losses that the noise is read from
KEPT = 2048  # losses kept for a forecast; past these every second one is dropped
WATCHED = ("diverging", "no-longer-improving", "converged", "spike", "non-finite")
_DEVIATION = 1.4826 / 2**0.5  # of single values, from the median absolute difference of neighbours


class Sight:
    """Takes losses in, one at a time; some ten microseconds each.

    Args:
        alpha: Probability of a false alarm in the whole run, all monitors and all their restarts together.

    Attributes:
        first: The level before training: the median of the first eight losses, unless they run away.
        best: The lowest level so far.
        level: The level now; NaN before there is one.
        calm: The last step at which the level was near its best.
        count: Losses since the last beginning.
    """

    def __init__(self, alpha: float = 0.01) -> None:
        self.first = nan
        self.best = inf
        self.level = nan
        self.calm = 0
        self.count = 0
        self._alpha = alpha
        self._starts = 0
        self._early: list[float] = []
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._monitors: dict[str, Watch] = {}
        self._history: list[tuple[int, float]] = []
        self._stride, self._skipped = 1, 0
        self.begin()

    def begin(self) -> None:
        """Starts anew after something was done: what the losses were before says no longer what they will be.

        The first level and the best stay. The j-th beginning gets α/(j(j+1)), so that all together get α.
        """
        self._starts += 1
        share = self._alpha / (self._starts * (self._starts + 1)) / len(WATCHED)
        self._monitors = {name: monitors.start(name, share) for name in WATCHED}
        self.level, self.count = nan, 0
        self._recent.clear()
        self._history, self._stride, self._skipped = [], 1, 0

    def add(self, step: int, loss: float) -> dict[str, Alarm]:
        """The next loss; what there is to say of it, which is mostly nothing."""
        alarms = {}
        for name, watch in self._monitors.items():
            if (alarm := watch.update(step, loss)) is not None:
                alarms[name] = alarm
        if not isfinite(loss):
            # The monitor alarms at the first one only; the pilot has to know of each.
            alarms["non-finite"] = Alarm(
                "non-finite", step, step, inf, inf, f"The loss of step {step} is {loss}."
            )
            return alarms
        if len(self._early) < COUNTS:
            self._early.append(loss)
            self.first = _before_training(self._early)
        self._recent.append(loss)
        self._remember(step, loss)
        self.count += 1
        weight = max(FORGETS, 1.0 / self.count)
        self.level = loss if self.count == 1 else self.level + weight * (loss - self.level)
        if self.count < COUNTS:
            return alarms
        # What ran away from its first step on has no level that was better than the first loss.
        self.best = min(self.best, self.level, self.first)
        if self.level <= NEAR * self.best or self.level - self.best <= self._noise_floor():
            self.calm = step
        elif self._risen():
            said = f"The level of the loss has come up to {self.level:.4g}, from {self.best:.4g} at best."
            alarms["risen"] = Alarm("risen", step, self.calm, nan, nan, said)
        return alarms

    def peek(self, step: int, loss: float) -> dict[str, Alarm]:
        """What would be said of a loss whose step has not been made; nothing is taken in.

        Only single losses can be judged so: one that is no number, or a spike.
        """
        if not isfinite(loss):
            return {
                "non-finite": Alarm("non-finite", step, step, inf, inf, f"The loss of step {step} is {loss}.")
            }
        watch = self._monitors["spike"]
        if self.count < 64 or loss <= self.level:
            return {}
        alarm = monitors.restore("spike", watch.to_dict()).update(step, loss)
        return {} if alarm is None else {"spike": alarm}

    def _noise_floor(self) -> float:
        # Where the best is zero or below, "times the best" has no meaning, and the noise stands in for it.
        return self.noise() if self.best <= 0.0 else 0.0

    def _risen(self) -> bool:
        rise = self.level - self.best
        if not rise > SHARE * abs(self.first) or (self.best > 0.0 and self.level <= TIMES * self.best):
            return False
        if self.best <= 0.0 and self.level <= self.first:
            return False
        return rise > CLEAR * self.noise()

    def noise(self) -> float:
        """Standard deviation of single losses about their trend, robustly."""
        values = list(self._recent)
        if len(values) < 3:
            return 0.0
        steps = [abs(b - a) for a, b in pairwise(values)]
        return _DEVIATION * float(median(steps))

    def know(self, first: float) -> None:
        """Says what the loss was before training, where that was seen by others."""
        if not self._early and isfinite(first):
            self._early, self.first = [first] * COUNTS, first

    def _remember(self, step: int, loss: float) -> None:
        self._skipped += 1
        if self._skipped < self._stride:
            return
        self._skipped = 0
        self._history.append((step, loss))
        if len(self._history) >= KEPT:
            self._history, self._stride = self._history[::2], 2 * self._stride

    def outlook(self) -> Callable[[], Forecast | None]:
        """A forecast of what has been seen since the last beginning, made when it is asked for."""
        seen = self._history

        def ask() -> Forecast | None:
            if len(seen) < COUNTS:
                return None
            steps, values = zip(*seen, strict=True)
            found = forecast(Curve(Series("loss", "train", list(steps), list(values))))  # type: ignore[arg-type]
            return None if found.current is None else found

        return ask


def _before_training(losses: list[float]) -> float:
    middle = float(median(losses))
    return middle if middle <= TIMES * abs(losses[0]) else losses[0]
