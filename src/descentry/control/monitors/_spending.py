"""How the probability of a false alarm is shared out over all the times at which an alarm could begin.

If each candidate j has an e-process (a non-negative supermartingale from 1) and a weight w(j), and the
weights sum to at most 1, then the weighted sum is an e-process itself, and by Ville's inequality the
probability that it ever reaches 1/α is at most α: for the whole run, however long it is and however often
one looks. So candidate j alone must reach 1/(α w(j)). Shin, Ramdas & Rinaldo (2022) call the sum an
e-detector; they use weights of 1, which bounds the mean time between false alarms instead.
"""

from __future__ import annotations

from math import log

from descentry.core.errors import DescentryError


def log_price(j: int) -> float:
    """Log 1/w(j) for j = 0, 1, …, with w(j) = 1/(1.19 x log² x), x = j + 3.

    The sum over all j is at most [1/(3 log² 3) + ∫₃^∞ dx/(x log² x)]/1.19 = (0.276 + 0.910)/1.19 < 1.
    """
    x = j + 3.0
    return log(1.19 * x) + 2.0 * log(log(x))


def checked(alpha: float) -> float:
    """``alpha`` as it is.

    Raises:
        DescentryError: It is not a probability between 0 and 1.
    """
    if not 0.0 < alpha < 1.0:
        raise DescentryError(
            f"alpha = {alpha!r} is not between 0 and 1",
            how="it is the probability of a false alarm in a whole run; 0.01 is a good choice",
        )
    return float(alpha)
