"""Evidence that a sequence rises, from its sequential ranks.

If values are exchangeable, whatever their distribution, the rank of the m-th among the first m is uniform
on 1…m, and independent of the ranks before it (Rényi 1962; the basis of conformal test martingales, Vovk
2003). A bet that pays

    f_a(R; m) = m · C(R−1+a, a) / C(m+a, a+1)      (mean 1 over R = 1…m; a = 1: 2R/(m+1))

on the rank R is therefore fair, and its products are martingales; so are mixtures over a, and over the
time from which bets are placed. All of these rise with every rank. Take a level that never rises away
from the values: the rank of each can only become lower, so the products are never larger than for
exchangeable values, path by path. Hence Ville's bound holds for "a level that never rises, plus
exchangeable noise", of any distribution.

That bets may begin at any of the first values (stake 1/BLOCKS each) is the e-detector of Shin, Ramdas &
Rinaldo (2022), but with stakes that sum to 1, so that the bound is one on the whole run.

Ties count as lower, which errs towards doubt. Cost of a value: a bisection, O(log m) comparisons and the
move of at most ``BLOCKS`` floats.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from math import comb

BLOCKS = 32
POWERS = (1, 3, 7)


@cache
def payoffs(m: int) -> tuple[tuple[float, ...], ...]:
    """What a unit stake on the m-th value becomes, by rank (0 to m − 1) and power."""
    whole = [comb(m + a, a + 1) for a in POWERS]
    return tuple(
        tuple(m * comb(r + a, a) / total for a, total in zip(POWERS, whole, strict=True)) for r in range(m)
    )


class Ranks:
    """An e-process against "this does not rise" for at most ``BLOCKS`` values."""

    __slots__ = ("a", "b", "c", "ordered")

    def __init__(self) -> None:
        self.ordered: list[float] = []
        self.a = self.b = self.c = 0.0

    def add(self, value: float) -> float:
        """Take a value in; the e-value."""
        rank = bisect_left(self.ordered, value)
        self.ordered.insert(rank, value)
        m = len(self.ordered)
        fa, fb, fc = payoffs(m)[rank]
        stake = 1.0 / (3 * BLOCKS)
        self.a = (self.a + stake) * fa
        self.b = (self.b + stake) * fb
        self.c = (self.c + stake) * fc
        return self.a + self.b + self.c + (1.0 - m / BLOCKS)
