"""How numbers are said, alike in every room."""

from __future__ import annotations


def chance(probability: float) -> str:
    """A probability in words; never 100%.

    >>> chance(0.934), chance(0.9999)
    ('93%', 'over 99%')
    """
    return "over 99%" if probability > 0.995 else f"{probability:.0%}"
