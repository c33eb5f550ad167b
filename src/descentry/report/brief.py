"""The report in a dozen lines: the verdict, the curve, and the likeliest cause with what speaks for it."""

from __future__ import annotations

from descentry.core.data import Report
from descentry.report._lines import Line, Span, hanging
from descentry.report._numbers import extent
from descentry.report._plot import plot
from descentry.report._reasons import capital, likely, shown
from descentry.report._words import VERDICTS, clean

HEIGHT = 6
MOST = 2  # lines of evidence


def brief(report: Report, width: int) -> list[Line]:
    """Lines of styled text, at most ``width`` cells wide."""
    mark = VERDICTS[report.verdict]
    first: Line = [Span(f"{mark.symbol} {mark.word.upper()}  ", mark.tone)]
    lines = hanging(first, clean(report.headline), width, "headline")
    if report.main is not None and len(report.main):
        lines += [[], *plot(report.main, width, HEIGHT, *extent(report))]
    told = [d for d in report.diagnoses if d.status == "supported" and d.cause != "healthy"]
    for diagnosis in told[:1]:
        title = f"{capital(diagnosis.title)}."
        lines += [
            [],
            *hanging([Span("Why  ", "heading")], title, width, "headline", f"({likely(diagnosis)})"),
        ]
        for one in [e for e in shown(diagnosis)[0] if e.weight > 0][:MOST]:
            lines += hanging([Span("  • ", "quiet")], clean(one.sentence), width)
    return lines
