"""Several runs in the terminal: a row for each, its curve in small, and under it what there is to say."""

from __future__ import annotations

from rich.cells import cell_len

from descentry.core.data import Comparison, Report
from descentry.report._braille import curve
from descentry.report._lines import Line, Span, fitted, hanging
from descentry.report._numbers import numbers
from descentry.report._scale import scale_for
from descentry.report._words import ENDINGS, VERDICTS, clean, number, titles

SPARK = 12
SHORT = 8  # cells of a name at least
HEADS = ("run", "points", "curve", "first → last", "best")


def table(comparison: Comparison, width: int) -> list[Line]:
    """The table of runs; names give way where the terminal is narrow, and where it is very narrow columns."""
    names = titles(comparison.reports)
    cells = [(name, *_cells(report)) for name, report in zip(names, comparison.reports, strict=True)]
    widths = [max(map(len, column)) for column in zip(HEADS, *cells, strict=True)]
    widths[2] = SPARK
    widths[0] = max(cell_len(name) for name in ["run", *names])
    room = width - 16
    while len(widths) > 3 and room - sum(2 + w for w in widths[1:]) < SHORT:
        widths.pop()
    widths[0] = max(SHORT, min(widths[0], room - sum(2 + w for w in widths[1:])))
    lines: list[Line] = [[Span(f"  {'verdict':<12}  {_row(HEADS, widths)}", "quiet")]]
    for row, report in zip(cells, comparison.reports, strict=True):
        mark = VERDICTS[report.verdict]
        lines.append([Span(f"{mark.symbol} {mark.word.lower():<12}  ", mark.tone), Span(_row(row, widths))])
        headline, ending = clean(report.headline), ENDINGS[report.convergence.status].lower()
        ending = "" if ending in headline or report.verdict == "not examined" else f" ({ending})"
        lines += hanging([Span("  ")], f"{headline}{ending}", width, "quiet")
    return lines


def _row(row: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(fitted(c, w, right=i == 1) for i, (c, w) in enumerate(zip(row, widths, strict=False)))


def _cells(report: Report) -> tuple[str, str, str, str]:
    main = report.main
    if main is None or not len(main):
        return "", "", "", ""
    known = numbers(main)
    spark = curve(main, scale_for(main.value), SPARK, 1, int(main.step[0]), int(main.step[-1]))[0][0]
    if not (known.first and known.last and known.best):
        return f"{known.points:,}", spark, "", ""
    change = f"{number(known.first.value)} → {number(known.last.value)}"
    return f"{known.points:,}", spark, change, number(known.best.value)
