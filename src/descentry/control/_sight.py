"""What a pilot sees of the losses: levels, their noise, and the alarms of the monitors. No torch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import pairwise
from math import inf, isfinite, nan

import numpy as np

from descentry.behaviours._curve import Curve
from descentry.control import monitors
from descentry.control.monitors import Alarm, Watch
from descentry.core.data import Forecast, Series
from descentry.core.ranks import median
from descentry.forecast import forecast

RECENT = 16  # losses that the level is the median of
COUNTS = 8  # losses before a level is trusted
TIMES, SHARE = 4.0, 0.5  # the guard: so many times the best, and up by such a share of the first
QUARTER = 4  # three in four of the recent losses have to be beyond it
CLEAR = 3.0  # and up by so many times the mean step from one loss to the next
NEAR, CLOSE = 1.5, 0.1  # times the best level, or up by such a share of the first, or by one such step: calm
STEADY = 0.02  # weight of the latest in the mean step
FALLS = 1.0  # standard errors
KEPT = 2048  # losses kept for a forecast; past these every second one is dropped
WATCHED = ("diverging", "no-longer-improving", "converged", "spike", "non-finite")
_DEVIATION = 1.4826 / 2**0.5  # of single values, from the median absolute difference of neighbours


class Sight:
    """Takes losses in, one at a time; some ten microseconds each.

    Args:
        alpha: Probability of a false alarm in the whole run, all monitors and all their restarts together.

    Attributes:
        origin: The very first loss.
        first: The level before training: the median of the first eight losses, unless they run away.
        best: The lowest level so far, of those that still count.
        lowest: The lowest of all.
        level: The level now: the median of the recent losses; NaN before there is one.
        calm: The last step at which the level was near its best.
        count: Losses since the last beginning.
    """

    def __init__(self, alpha: float = 0.01) -> None:
        self.origin = self.first = nan
        self.best = self.lowest = inf
        self.level = nan
        self.calm = 0
        self.count = 0
        self._alpha = alpha
        self._starts = 0
        self._early: list[float] = []
        self._step, self._steps = 0.0, 0
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._monitors: dict[str, Watch] = {}
        self._history: list[tuple[int, float]] = []
        self._stride, self._skipped = 1, 0
        self.begin()

    def begin(self, best: float | None = None) -> None:
        """Starts anew after something was done: what the losses were before says no longer what they will be.

        The j-th beginning gets α/(j(j+1)) of the probability of a false alarm, so that all together get α.

        Args:
            best: What counts as the best level from now on; None for what it was.
        """
        if best is not None:
            self.best = best if isfinite(best) else self.first
        self._starts += 1
        self._monitors = {name: monitors.start(name, self._share()) for name in WATCHED}
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
            self.origin = self._early[0]
            self.first = _before_training(self._early)
        self._recent.append(loss)
        self._remember(step, loss)
        self.count += 1
        recent = sorted(self._recent)
        self.level = recent[len(recent) // 2]
        if self.count < COUNTS:
            return alarms
        # What ran away from its first step on has no level that was better than the first loss.
        self.best = min(self.best, self.level, self.first)
        self.lowest = min(self.lowest, self.best)
        if self._near(self.level):
            self.calm = step
            self._learn_step()
        elif len(recent) == RECENT and recent[RECENT // QUARTER] > max(self._guard(), self._doubt()):
            said = f"The level of the loss has come up to {self.level:.4g}, from {self.best:.4g} at best."
            alarms["risen"] = Alarm("risen", step, self.calm, nan, nan, said)
        return alarms

    def _near(self, level: float) -> bool:
        rise = level - self.best
        return level <= NEAR * self.best or rise <= max(CLOSE * abs(self.first), self._step)

    def _learn_step(self) -> None:
        """From the oldest of the recent losses: all that came after them has turned out to be calm."""
        if len(self._recent) < RECENT:
            return
        self._steps += 1
        weight = max(STEADY, 1.0 / self._steps)
        self._step += weight * (abs(self._recent[1] - self._recent[0]) - self._step)

    def _guard(self) -> float:
        # The mean step, and only from calm times: tails count in it, and a loss that runs away does not.
        up = max(SHARE * abs(self.first), CLEAR * self._step)
        never = self.first + up  # above where training began
        return min(max(TIMES * self.best, self.best + up), never) if self.best > 0.0 else never

    def _doubt(self) -> float:
        """Where nothing is known to be better than the very first loss, that may have been low by chance."""
        return self.first + self.noise() if self.best >= self.first else -inf

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

    def noise(self) -> float:
        """Standard deviation of single losses about their trend, robustly."""
        values = list(self._recent)
        if len(values) < 3:
            return 0.0
        steps = [abs(b - a) for a, b in pairwise(values)]
        return _DEVIATION * float(median(steps))

    def know(self, first: float, step: float) -> None:
        """Says what the loss was before training, and its mean step there, where others have seen it."""
        if isfinite(first):
            self._early, self.first = [first] * COUNTS, first
            self._step = max(self._step, step)

    def again(self, names: Iterable[str]) -> None:
        """Has monitors that alarmed, and nothing was done, watch on."""
        self._starts += 1
        for name in names:
            if name in self._monitors:
                self._monitors[name] = monitors.start(name, self._share())

    def _share(self) -> float:
        return self._alpha / (self._starts * (self._starts + 1)) / len(WATCHED)

    def still_falling(self, since: int) -> bool:
        """Whether the loss is lower in the second half of the steps since then, by a standard error."""
        late = [loss for step, loss in self._history if step >= since]
        if len(late) < 2 * COUNTS:
            return True
        one, two = np.array(late[: len(late) // 2]), np.array(late[len(late) // 2 :])
        error = np.sqrt(one.var(ddof=1) / len(one) + two.var(ddof=1) / len(two))
        return bool(one.mean() - two.mean() > FALLS * error)

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
