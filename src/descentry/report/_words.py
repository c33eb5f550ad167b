"""Words, numbers and marks that every page shares, so that text, HTML and JSON say the same thing."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from descentry.core import metrics
from descentry.core.data import (
    Comparison,
    Concern,
    Convergence,
    ConvergenceStatus,
    Finding,
    Report,
    Series,
    Verdict,
)
from descentry.core.words import chance


class Mark(NamedTuple):
    """A word, the symbol that stands for it without colour, and the name of its colour."""

    symbol: str
    word: str
    tone: str


VERDICTS: Mapping[Verdict, Mark] = MappingProxyType(
    {
        "healthy": Mark("✓", "Healthy", "good"),
        "attention": Mark("!", "Attention", "attention"),
        "failing": Mark("✗", "Failing", "failing"),
        "not examined": Mark("?", "Not examined", "unknown"),
    }
)
CONCERNS: Mapping[Concern, Mark] = MappingProxyType(
    {
        "none": Mark(" ", "no concern", "neutral"),
        "attention": Mark("!", "attention", "attention"),
        "failing": Mark("✗", "failing", "failing"),
    }
)
ENDINGS: Mapping[ConvergenceStatus, str] = MappingProxyType(
    {
        "converged": "Converged",
        "still-improving": "Still improving",
        "not-converging": "Not converging",
        "undetermined": "Undetermined",
    }
)

# Control codes, lone surrogates and what turns the direction of writing: a name must not steer a terminal.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def clean(text: str) -> str:
    r"""The text on one line, without control codes: a log's names reach terminals and pages through here.

    >>> clean("loss\x1b[31m\n(train)")
    'loss�[31m (train)'
    """
    return _UNPRINTABLE.sub("�", " ".join(re.split(r"[\t\n\v\f\r\x85\u2028\u2029]+", text)))


def number(value: float) -> str:
    """A value to four significant digits, as a person writes it.

    >>> number(0.1234567), number(12345.6), number(6.6e27), number(float("nan"))
    ('0.1235', '12,346', '6.6e27', 'NaN')
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e6:
        mantissa, exponent = f"{value:.3e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:,.0f}" if abs(value) >= 9999.5 else f"{value:.4g}"


def steps(start: int, stop: int, name: str) -> str:
    """A range of steps in words.

    >>> steps(0, 1200, "step"), steps(7, 7, "epoch")
    ('step 0–1,200', 'epoch 7')
    """
    return f"{name} {start:,}" if start == stop else f"{name} {start:,}–{stop:,}"


def count(n: int, one: str, many: str | None = None) -> str:
    """A number with its noun.

    >>> count(1, "point"), count(10000, "point")
    ('1 point', '10,000 points')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def sureness(confidence: float) -> str:
    """How sure a statement is; never 100%.

    >>> sureness(0.934), sureness(1.0)
    ('93% sure', 'over 99% sure')
    """
    return f"{chance(confidence)} sure"


def ending(convergence: Convergence) -> tuple[str, str]:
    """How a run ended: the word for it, and the sentence without that word where it begins with it."""
    word, sentence = ENDINGS[convergence.status], clean(convergence.sentence)
    if sentence.casefold().startswith(f"{word.casefold()}: "):
        return f"{word}:", sentence[len(word) + 2 :]
    return f"{word}.", sentence


def letter(index: int) -> str:
    """The letter of the finding with this index, as in a spreadsheet.

    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'AA')
    """
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


# Behaviours are named for losses; of a metric that should rise they are told the other way up.
_RISING = {"decrease": "increase", "drop": "rise", "jump up": "drop"}


def behaviour(finding: Finding) -> str:
    """What was seen, in words: ``smooth decrease`` of a loss, ``smooth increase`` of an accuracy."""
    words = clean(finding.behaviour).replace("-", " ").replace("non ", "non-")
    if metrics.higher_is_better(finding.series):
        return next((words.replace(fall, rise) for fall, rise in _RISING.items() if fall in words), words)
    return words


def told(findings: Sequence[Finding], limit: int) -> list[int]:
    """Indices of the findings that a short page tells: all, or those that matter most, in order."""
    weight = {"failing": 0, "attention": 1, "none": 2}
    ranked = sorted(
        range(len(findings)),
        key=lambda i: (
            weight[findings[i].concern],
            findings[i].start - findings[i].stop,
            -findings[i].confidence,
        ),
    )
    return sorted(ranked[:limit])


def metric(series: Series) -> str:
    """The name of a series, with its split where the name does not already say it."""
    name = clean(series.name)
    return f"{name} ({series.split})" if series.split and metrics.split(series.name) != series.split else name


def summary(comparison: Comparison) -> tuple[Verdict, str]:
    """The worst verdict among the runs, and how many have which."""
    order: tuple[Verdict, ...] = ("failing", "attention", "not examined", "healthy")
    counts = {verdict: sum(r.verdict == verdict for r in comparison) for verdict in order}
    said = {
        "failing": "failing",
        "attention": "in need of attention",
        "not examined": "not examined",
        "healthy": "healthy",
    }
    parts = [f"{n} {said[verdict]}" for verdict, n in counts.items() if n]
    worst: Verdict = next((v for v in order if counts[v]), "not examined")
    return worst, f"{count(len(comparison), 'run')}: {', '.join(parts) or 'nothing to examine'}."


def titles(reports: Sequence[Report]) -> list[str]:
    """A name for each run; the source is added where two runs share one."""
    names = [clean(r.run.name) for r in reports]
    return [
        f"{n} ({clean(r.run.source)})" if names.count(n) > 1 and r.run.source else n
        for n, r in zip(names, reports, strict=True)
    ]
