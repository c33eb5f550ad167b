"""The parts of the page that compares runs: the table, and each run in brief."""

from __future__ import annotations

from descentry.core.data import Comparison, Report
from descentry.report._numbers import numbers
from descentry.report._sections import badge, e, ending, facts, notes, story
from descentry.report._svg import figure, spark
from descentry.report._words import ENDINGS, number

# With more runs their drawings would be most of the page's weight; the table has each curve in small.
MOST_FIGURES = 40
COLUMNS = ("Verdict", "Run", "Points", "Curve", "First", "Last", "Best", "Ending", "In a sentence")
NUMERIC = {"Points", "First", "Last", "Best"}


def table(comparison: Comparison, names: list[str]) -> str:
    """One row a run."""
    rows = "".join(_row(i, n, r) for i, (n, r) in enumerate(zip(names, comparison.reports, strict=True)))
    head = "".join(f'<th scope="col"{_class(c in NUMERIC)}>{c}</th>' for c in COLUMNS)
    return (
        '<div class="wide" tabindex="0" role="region" aria-label="Table of runs">'
        f'<table class="runs" id="runs"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _row(index: int, name: str, report: Report) -> str:
    known = numbers(report.main) if report.main is not None else None
    points = f"{known.points:,}" if known else ""
    levels = (known.first, known.last, known.best) if known else (None, None, None)
    cells = "".join(f"<td{_class(True)}>{number(p.value) if p else ''}</td>" for p in levels)
    return (
        f'<tr><td>{badge(report)}</td><th scope="row"><a href="#run-{index}">{e(name)}</a></th>'
        f"<td{_class(True)}>{points}</td><td>{spark(report.main)}</td>{cells}"
        f"<td>{ENDINGS[report.convergence.status]}</td><td>{e(report.headline)}</td></tr>"
    )


def _class(numeric: bool) -> str:
    return ' class="n"' if numeric else ""


def briefs(comparison: Comparison, names: list[str]) -> str:
    """Each run's report, folded."""
    drawn = len(comparison) <= MOST_FIGURES
    parts = []
    for i, (name, report) in enumerate(zip(names, comparison.reports, strict=True)):
        body = facts(report) + (f'<div class="wide">{figure(report)}</div>' if drawn else "")
        body += story(report, f"-{i}") + ending(report, f"-{i}") + notes(report, f"-{i}")
        summary = f"{badge(report)} <strong>{e(name)}</strong> <span>{e(report.headline)}</span>"
        parts.append(f'<details class="brief" id="run-{i}"><summary>{summary}</summary>{body}</details>')
    return "".join(parts)
