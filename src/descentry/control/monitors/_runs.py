"""Evidence that values have risen, from how long they stay above everything shortly before.

Let M values in a row be larger than all of the n values before them. If the n + M values are
exchangeable, whatever their distribution, this has probability 1/C(n+M, M): all sets of M of them are
equally likely to be the largest. Step by step, the chance that the next one is above the n, given that m
before it were, is (m + 1)/(n + m + 1), so the product of the inverses is a martingale from 1 that bets
everything on the run going on, and is 0 when it ends. Betting on each value being the largest of all so
far, those of the run included, pays n + m + 1 at a time; half of the stake is put on each.

Values that are exchangeable around a level that never rises give every comparison the same outcome or a
lower one, so the evidence is never larger than it would be without the fall: the bound holds for falling
losses too.

``n`` depends on the position alone (it goes from ``WINDOW`` to 2 ``WINDOW`` − 1, by buckets), never on
the values, or the argument would not hold. Cost: O(1) time and memory.
"""

from __future__ import annotations

from math import inf, log

WINDOW = 64
TAIL = 2.0  # the exponent of the heaviest tail that :meth:`Runs.leapt` allows for
_HALF = log(2.0)


class Runs:
    """The run of values in progress, and the evidence that it carries.

    ``length`` is that of the run (0: none), ``start`` the position of its first value and ``begun`` its step;
    ``refs`` values are before it, ``top`` is the largest of them and ``lowest`` the lowest of its own;
    ``evidence`` is the log of its e-value.
    """

    __slots__ = (
        "_all", "_before", "_now", "_peak", "_records", "_seen", "_sum", "begun", "evidence", "length",
        "lowest", "refs", "start", "top",
    )  # fmt: skip

    def __init__(self) -> None:
        self._seen = 0
        self._before = -inf  # largest value of the last full bucket; below: of the present one
        self._now = -inf
        self.length = 0
        self.start = 0
        self.refs = 0
        self.top = self.lowest = inf
        self.begun = 0
        self._sum = 0.0
        self._peak = -inf
        self._all = 0.0
        self._records = 0.0
        self.evidence = -inf

    def add(self, step: int, value: float) -> bool:
        """Take a value in; whether it goes on with a run or begins one."""
        seen = self._seen
        if not self.length:
            self.top = self._before if self._before > self._now else self._now
        above = value > self.top and seen > 0
        if above:
            self._extend(step, value, seen)
        elif self.length:
            self.length = 0
            self.evidence = -inf
        if value > self._now:
            self._now = value
        self._seen = seen = seen + 1
        if not seen % WINDOW:
            self._before, self._now = self._now, -inf
        return above

    def _extend(self, step: int, value: float, seen: int) -> None:
        if not self.length:
            self.start, self.begun = seen, step
            self._sum = 0.0
            self.refs = seen if seen < WINDOW else WINDOW + seen % WINDOW
            self._all = self._records = 0.0
            self._peak = self.top
            self.lowest = value
        self.length += 1
        self.lowest = min(self.lowest, value)
        self._sum += value - self.top
        among = self.refs + self.length
        self._all += log(among / self.length)
        self._records = self._records + log(among) if value > self._peak else -inf
        self._peak = max(self._peak, value)
        self.evidence = max(self._all, self._records) - _HALF

    def leapt(self, base: float) -> float:
        """Evidence from how far above a level the whole run lies, beside that it lies above what was before.

        If a value that is the largest of all lies ``c`` times as far above ``base`` as the largest before it
        with probability 1/c² at most (a power law of exponent 2), then all of M independent ones do with
        1/c^2M at most. Each length is judged once; a share of 2^−M is set aside for it.

        Args:
            base: A level from before the run, below ``top``.
        """
        if self.refs < WINDOW or not base < self.top:
            return -inf
        far = log((self.lowest - base) / (self.top - base))
        return self._all + self.length * (TAIL * far - _HALF)

    def climbing(self, value: float, factor: float) -> bool:
        """Whether ``value`` is ``factor`` times as far above ``top`` as the run's values are on average."""
        return (value - self.top) * self.length >= factor * self._sum

    def mean(self) -> float:
        """The mean of the run's values."""
        return self.top + self._sum / self.length
