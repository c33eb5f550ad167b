"""Which of the diagnoses a page tells, and in which words: shared by text and HTML."""

from __future__ import annotations

from dataclasses import dataclass

from descentry.core.data import Diagnosis, Evidence, Report
from descentry.core.words import chance
from descentry.report._words import clean

MOST_TOLD = 3
MOST_FOR = 3  # lines of evidence on a page; JSON has them all
MOST_AGAINST = 1
CLOSE = 0.25  # a cause that is not supported is named when it is at least so likely,
CLOSE_IN_TROUBLE = 0.05  # or where something is wrong, and nothing likelier explains it
HEALTHY = "healthy"


@dataclass(frozen=True, eq=False)
class Reasons:
    """What a page says about why.

    Attributes:
        lead: One sentence that sums it up.
        told: The diagnoses that are told in full.
        ruled_out: Titles of the causes that the evidence speaks against.
        open: Titles of the causes that could not be told either way.
    """

    lead: str
    told: tuple[Diagnosis, ...]
    ruled_out: tuple[str, ...]
    open: tuple[str, ...]


def reasons(report: Report) -> Reasons | None:
    """None where no cause was weighed."""
    if not report.diagnoses:
        return None
    causes = [d for d in report.diagnoses if d.cause != HEALTHY]
    top = report.diagnoses[0]
    supported = [d for d in causes if d.status == "supported"]
    told: tuple[Diagnosis, ...]
    if top.cause == HEALTHY and top.status == "supported" and not supported:
        lead, told = "Nothing speaks for trouble with the optimisation.", (top,)
    elif supported:
        many = len(supported) > 1
        lead = (
            "What the evidence speaks for, the likeliest first:" if many else "What the evidence speaks for:"
        )
        told = tuple(supported[:MOST_TOLD])
    else:
        least = CLOSE_IN_TROUBLE if report.verdict in ("attention", "failing") else CLOSE
        close = [d for d in causes if d.status == "undetermined" and d.probability >= least]
        told = tuple(close[:MOST_TOLD])
        lead = (
            "No cause stands out. These are the likeliest:"
            if told
            else "No cause stands out in what was recorded."
        )
    rest = [d for d in causes if d not in told]
    return Reasons(
        lead,
        told,
        tuple(d.title for d in rest if d.status == "refuted"),
        tuple(d.title for d in rest if d.status in ("undetermined", "not examined")),
    )


def likely(diagnosis: Diagnosis) -> str:
    """How likely a cause is.

    >>> likely(Diagnosis("x", "", "supported", 0.934)), likely(Diagnosis("x", "", "supported", 0.999))
    ('93% likely', 'over 99% likely')
    """
    return f"{chance(max(diagnosis.probability, 0.01))} likely"


def capital(text: str) -> str:
    """The text with a capital at its start; a Greek letter stays as it is."""
    text = clean(text)
    return text[:1].upper() + text[1:] if text[:1].isascii() else text


def shown(diagnosis: Diagnosis) -> tuple[list[Evidence], int]:
    """The lines of evidence that a page shows, those for the cause first; and how many it leaves out."""
    speaks_for = [e for e in diagnosis.evidence if e.weight > 0][:MOST_FOR]
    against = [e for e in diagnosis.evidence if e.weight < 0][:MOST_AGAINST]
    return [*speaks_for, *against], len(diagnosis.evidence) - len(speaks_for) - len(against)


def weight(evidence: Evidence) -> str:
    """The weight in nats, signed.

    >>> weight(Evidence("x", -1.24, 0.0, "", ""))
    '−1.2'
    """
    return f"{evidence.weight:+.1f}".replace("-", "−")
