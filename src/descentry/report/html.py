"""The report as one HTML page that holds all it shows: it loads nothing, and works without a network."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib.resources import files
from string import Template
from typing import Any

import descentry
from descentry.core.data import Comparison, Report
from descentry.report import _payload
from descentry.report._runs import briefs, table
from descentry.report._script import script
from descentry.report._sections import (
    ahead,
    appendix,
    badge,
    e,
    ending,
    facts,
    mark_badge,
    notes,
    section,
    story,
)
from descentry.report._svg import alternative, figure
from descentry.report._why import why
from descentry.report._words import VERDICTS, count, summary, titles
from descentry.report._words import ending as ended

# Runs before the page is drawn, so that what is for pages without scripts does not flash up.
EARLY = "document.documentElement.classList.add('js')"
SCRIPT = "report/static/report.js"
MOST_INLINE = 12
# On white and on black, text in these has a contrast of at least 3: a notebook's ground is not known.
INLINE_TONES = {"good": "#008f68", "attention": "#b87700", "failing": "#d55e00", "unknown": "#808080"}
ALL_DRAWN = "Every logged point is drawn; nothing is smoothed."


def render(subject: Report | Comparison) -> str:
    """The whole page. Above about 20,000 points a curve is drawn from its extremes, and the page says so."""
    return _report_page(subject) if isinstance(subject, Report) else _comparison_page(subject)


def inline(subject: Report | Comparison) -> str:
    """A small still version for a notebook: no scripts, and no style that could reach the rest of it."""
    if isinstance(subject, Comparison):
        rows = "".join(
            f'<tr><td style="white-space:nowrap">{VERDICTS[r.verdict].symbol} {VERDICTS[r.verdict].word}</td>'
            f"<td>{e(name)}</td><td>{e(r.headline)}</td></tr>"
            for name, r in zip(titles(subject.reports), subject.reports, strict=True)
        )
        head = "<tr><th>Verdict</th><th>Run</th><th>In a sentence</th></tr>"
        return f"<div><p><strong>{e(summary(subject)[1])}</strong></p><table>{head}{rows}</table></div>"
    mark, (word, sentence) = VERDICTS[subject.verdict], ended(subject.convergence)
    items = "".join(f"<li>{e(f.sentence)}</li>" for f in subject.findings[:MOST_INLINE])
    left = len(subject.findings) - MOST_INLINE
    return (
        '<div style="max-width:760px;line-height:1.5"><p style="margin:0 0 4px">'
        f'<strong style="color:{INLINE_TONES[mark.tone]}">{mark.symbol} {mark.word}</strong>'
        f" · {e(subject.run.name)}<br><strong>{e(subject.headline)}</strong></p>{figure(subject)}"
        + (f'<ol type="A" style="margin:4px 0">{items}</ol>' if items else "")
        + (f"<p>… and {count(left, 'more finding')}.</p>" if left > 0 else "")
        + f'<p style="margin:4px 0"><strong>{word}</strong> {e(sentence)}</p></div>'
    )


def _report_page(report: Report) -> str:
    body = f'<p class="verdict">{badge(report)}</p><h1>{e(report.headline)}</h1>{facts(report)}'
    if report.main is not None and len(report.main):
        chart = _chart(alternative(report), figure(report), _caption(report))
        body += section("the-curve", "The curve", chart)
    body += story(report) + why(report) + ending(report) + ahead(report) + notes(report) + appendix(report)
    return _page(f"{VERDICTS[report.verdict].word}: {report.run.name}", body, _payload.of_report(report))


def _caption(report: Report) -> str:
    """How the curve is drawn: nothing of it may be hidden without a word."""
    left = len(report.run.series) - 1 - len(_payload.alongside(report))
    if left <= 0:
        return ALL_DRAWN
    return (
        f"{ALL_DRAWN} {count(left, 'series is', 'series are')} not offered here: counted in other steps, "
        f"without a finite value, or beyond the first {_payload.MOST_SERIES}."
    )


def _comparison_page(comparison: Comparison) -> str:
    worst, said = summary(comparison)
    names = titles(comparison.reports)
    body = f'<p class="verdict">{mark_badge(VERDICTS[worst], "Comparison")}</p><h1>{e(said)}</h1>'
    if comparison.source:
        body += f'<p class="quiet">{e(comparison.source)}</p>'
    body += section("the-runs", "The runs", table(comparison, names))
    payload = _payload.of_comparison(comparison)
    drawn = len(payload["series"])
    if drawn:
        caption = ALL_DRAWN
        if left := len(comparison) - drawn:
            caption += (
                f" {count(left, 'run is', 'runs are')} not offered here: without a curve, "
                f"not counted in {_payload.step_name(comparison)}s, or beyond the first {_payload.MOST_RUNS}."
            )
        chart = _chart(f"Curves of {count(drawn, 'run')}, laid over each other. {said}", "", caption)
        body += section("the-curves", "The curves", chart)
    body += section("each-run", "Each run", briefs(comparison, names))
    return _page(said, body, payload)


def _chart(alt: str, still: str, caption: str) -> str:
    """The place of the interactive chart, with a still one for pages without scripts."""
    return Template(_static("chart.html")).substitute(alternative=e(alt), still=still, caption=e(caption))


def _page(title: str, body: str, payload: dict[str, Any]) -> str:
    scripts = {"early": EARLY, "uplot": _shared("uPlot.iife.min.js"), "script": script(SCRIPT)}
    # Only these scripts may run, and nothing may be loaded: even if some text escaped its escaping.
    allowed = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts.values()
    )
    policy = f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:"
    return Template(_static("page.html")).substitute(
        scripts,
        policy=f"{policy}; base-uri 'none'; form-action 'none'",
        version=descentry.__version__,
        title=e(title),
        style=_shared("uPlot.min.css") + _shared("theme.css") + _static("report.css"),
        body=body,
        data=_payload.embedded(payload),
        licence=_shared("uPlot.LICENSE"),
    )


@functools.cache
def _static(name: str) -> str:
    return (files("descentry.report") / "static" / name).read_text(encoding="utf-8")


@functools.cache
def _shared(name: str) -> str:
    """A file that the pages of the site have too; only read, so that a report needs no server."""
    return (files("descentry") / "web" / "static" / name).read_text(encoding="utf-8")
