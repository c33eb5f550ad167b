"""What the readers of text logs share: numbers as logs print them, and a last line that may be cut short."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Callable, Iterable, Iterator

from descentry.core.data import Gap
from descentry.readers._source import Source

# A number as logs print it; ``1.#QNAN`` and its kin are what old C runtimes of Windows print.
# Possessive, so that what follows a number is never met by giving back some of its digits.
NUMBER = (
    r"[-+]?(?:1\.#(?:QNAN|SNAN|IND|INF)\w*+|(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?+"
    r"|[nN][aA][nN]|[iI][nN][fF](?:inity)?+)"
)
# Eighteen digits fit an int64; longer counts are no steps.
COUNT = r"\d{1,18}"
LONG = 1 << 16  # no log line of metrics is as long; patterns are never tried on longer ones
_LAST_WORD = re.compile(r"[^\s,;|)\]}]+$")


def number(text: str) -> float | None:
    """The value of a number as logs print it, or None.

    >>> number(" 1.5E+01 "), number("-1.#INF"), number("n/a")
    (15.0, -inf, None)
    """
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        if "1.#" not in text:
            return None
    value = float("inf") if "#INF" in text else float("nan")
    return -value if text.lstrip().startswith("-") else value


def log_lines(source: Source, gaps: list[Gap]) -> Iterator[tuple[int, str]]:
    """Every line with its number, from 0.

    Of a last line without a newline, the word that it breaks off in is left out and noted in ``gaps``: a
    number cut short would be a wrong number.

    Raises:
        TooLargeError: A line is longer than any log line.
    """
    row, last, long = 0, None, 0
    for row, line in enumerate(source.lines()):
        if last is not None:
            yield row - 1, last
        last = line
        if len(line) > LONG:
            last = ""
            long += 1
    if long:
        gaps.append(
            Gap("long-lines", f"{long:,} lines are longer than {LONG // 1024} KiB and are not read", long)
        )
    if last is None:
        return
    if not source.ends_whole and (broken := _LAST_WORD.search(last)) is not None:
        last = last[: broken.start()]
        if any(c.isdigit() for c in broken[0]):
            gaps.append(
                Gap(
                    "truncated",
                    f"the log ends in the middle of a line: its last word ({broken[0][-40:]!r}) is not read",
                )
            )
    yield row, last


def score(source: Source, needle: str, matches: Callable[[str], object], sure: float = 0.9) -> float:
    """How sure a format is of a text: ``sure`` for two matching lines, less for one, 0 for none.

    Looks at the head first, then at the first 2 MiB. ``needle`` is a string that every matching line holds.
    """
    if source.is_folder or not source.is_text:
        return 0.0
    best = _matching(source.text_lines, needle, matches) if needle in source.text else 0
    if best < 2 and source.size > len(source.head) and needle in source.opening:
        best = max(best, _matching(source.opening_lines, needle, matches))
    return (0.0, sure - 0.1, sure)[best]


def _matching(lines: Iterable[str], needle: str, matches: Callable[[str], object]) -> int:
    """How many lines match; no more than two are counted."""
    found = (line for line in lines if needle in line and len(line) <= LONG and matches(line))
    return sum(1 for _ in itertools.islice(found, 2))


class PointCounter:
    """Numbers the points of a log that says epoch and batch, but not how many batches there are.

    A place that was passed before (a resume, a new launch) gets its number again.

    >>> at = PointCounter()
    >>> at.at(0, 50), at.at(0, 100), at.at(1, 50), at.at(0, 100)
    (0, 1, 2, 1)
    """

    def __init__(self) -> None:
        self._places: list[tuple[float, float]] = []

    def at(self, epoch: float, batch: float) -> int:
        """The number of the point logged at this place."""
        place = (epoch, batch)
        if self._places and place <= self._places[-1]:
            del self._places[bisect.bisect_left(self._places, place) :]
        self._places.append(place)
        return len(self._places) - 1

    def now(self, epoch: float) -> int:
        """The number of the last point of this epoch; of a new point where it has none."""
        if self._places and self._places[-1][0] == epoch:
            return len(self._places) - 1
        return self.at(epoch, float("inf"))
