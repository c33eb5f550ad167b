"""The parts of the HTML page: what is said beside the curve. Every string of a log is escaped here."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from descentry.core.data import Estimate, Finding, Report, Series
from descentry.report._numbers import Point, numbers
from descentry.report._words import (
    CONCERNS,
    VERDICTS,
    Mark,
    behaviour,
    clean,
    count,
    letter,
    metric,
    number,
    steps,
    sureness,
)
from descentry.report._words import ending as ended

MOST_SETTINGS = 200
_CODE = re.compile(r"`([^`]+)`")
SERIES_COLUMNS = ("Series", "Split", "Points", "First", "Last", "Lowest", "Highest")


def e(text: object) -> str:
    """Text from a log or a user, made safe for the page."""
    return html.escape(clean(str(text)))


def prose(text: str) -> str:
    """Text of ours for HTML; what stands between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", e(text))


def badge(report: Report) -> str:
    """The verdict: a word, and a symbol that needs no colour."""
    mark = VERDICTS[report.verdict]
    return mark_badge(mark, mark.word)


def mark_badge(mark: Mark, word: str) -> str:
    """A word in the tone of a mark."""
    return f'<span class="badge {mark.tone}"><span aria-hidden="true">{mark.symbol}</span> {word}</span>'


def facts(report: Report) -> str:
    """The main numbers of the run."""
    pairs: list[tuple[str, str]] = [("Run", report.run.name)]
    main = report.main
    if main is not None and len(main):
        known = numbers(main)
        lost = known.points - known.finite
        pairs += [
            ("Metric", metric(main)),
            ("Points", f"{known.points:,}" + (f", {lost:,} not finite" if lost else "")),
            (
                "Steps",
                f"{int(main.step[0]):,} to {int(main.step[-1]):,}"
                + (f" ({main.step_name})" if main.step_name != "step" else ""),
            ),
            ("First", _point(known.first, main)),
            ("Last", _point(known.last, main)),
            (known.best_word.capitalize(), _point(known.best, main)),
        ]
    if report.run.source:
        pairs.append(("Source", report.run.source))
    return (
        '<dl class="facts">'
        + "".join(f"<div><dt>{e(k)}</dt><dd>{e(v)}</dd></div>" for k, v in pairs)
        + "</dl>"
    )


def _point(point: Point | None, series: Series) -> str:
    if point is None:
        return "none"
    return f"{number(point.value)} at {steps(point.step, point.step, series.step_name)}"


def story(report: Report, suffix: str = "") -> str:
    """The findings in order, each with the letter that marks it on the curve."""
    if not report.findings:
        return ""
    items = "".join(_finding(letter(i), f, report.main) for i, f in enumerate(report.findings))
    return section(f"what-happened{suffix}", "What happened", f'<ol class="story">{items}</ol>')


def _finding(mark: str, finding: Finding, main: Series | None) -> str:
    concern = CONCERNS[finding.concern]
    details = [
        steps(finding.start, finding.stop, main.step_name if main else "step"),
        sureness(finding.confidence),
    ]
    if finding.size is not None:
        details.insert(1, _size(finding.size))
    flag = f'<span class="flag">{concern.symbol} {concern.word}</span>' if finding.concern != "none" else ""
    other = main is not None and finding.series != main.name and finding.series not in finding.sentence
    return (
        f'<li data-letter="{mark}"><span class="letter {concern.tone}">{mark}</span><div>'
        f'<h3 class="{concern.tone}"><span class="name">{e(behaviour(finding))}</span> {flag}</h3>'
        f"<p>{e(finding.series) + ': ' if other else ''}{e(finding.sentence)}</p>"
        f'<p class="quiet">{e(" · ".join(details))}</p></div></li>'
    )


def _size(size: Estimate) -> str:
    if size.unit == "fraction":
        return f"size {size.value:.0%} ({size.low:.0%} to {size.high:.0%})"
    return f"size {number(size.value)} ({number(size.low)} to {number(size.high)}) {size.unit}"


def ending(report: Report, suffix: str = "") -> str:
    """The verdict on the end of the run."""
    end = report.convergence
    sure = f' <span class="quiet">{sureness(end.confidence)}</span>' if end.status != "undetermined" else ""
    word, sentence = ended(end)
    said = f"<p><strong>{word}</strong> {e(sentence)}{sure}</p>"
    return section(f"how-it-ended{suffix}", "How it ended", said)


def ahead(report: Report, suffix: str = "") -> str:
    """What more training is expected to bring, where it was forecast."""
    if report.forecast is None or report.forecast.expected is None:
        return ""
    said = "".join(f'<p class="quiet">{e(note)}</p>' for note in report.forecast.caveats)
    return section(f"more-epochs{suffix}", "More epochs?", f"<p>{e(report.forecast.sentence)}</p>{said}")


def notes(report: Report, suffix: str = "") -> str:
    """What to do next, what was not looked at, and what had to be decided while reading."""
    return (
        _listed(f"what-to-do-next{suffix}", "What to do next", report.next_steps, "ol")
        + _listed(f"not-looked-at{suffix}", "Not looked at", report.not_examined, "ul")
        + _listed(f"about-the-log{suffix}", "About the log", [g.what for g in report.run.gaps], "ul")
    )


def _listed(anchor: str, title: str, items: Sequence[str], tag: str) -> str:
    if not items:
        return ""
    return section(anchor, title, f"<{tag}>{''.join(f'<li>{prose(i)}</li>' for i in items)}</{tag}>")


def section(anchor: str, title: str, body: str) -> str:
    """A section with its heading."""
    return f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{title}</h2>{body}</section>'


def appendix(report: Report) -> str:
    """Every series of the run, and the settings that the log names."""
    rows = "".join(_series(s) for s in report.run.series)
    head = "".join(
        f'<th scope="col" class="{"n" if i > 1 else ""}">{c}</th>' for i, c in enumerate(SERIES_COLUMNS)
    )
    parts = _folded(
        f"All series ({len(report.run.series):,})", f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    )
    settings = list(_settings(report.run.config))
    if settings:
        shown = "".join(
            f'<tr><th scope="row">{e(k)}</th><td>{e(v)}</td></tr>' for k, v in settings[:MOST_SETTINGS]
        )
        parts += _folded(f"Settings in the log ({len(settings):,})", f"<tbody>{shown}</tbody>")
        if len(settings) > MOST_SETTINGS:
            parts += f"<p>{count(len(settings) - MOST_SETTINGS, 'more setting')} in the log.</p>"
    return parts


def _series(series: Series) -> str:
    known = numbers(series)
    levels = (known.first, known.last, known.lowest, known.highest)
    cells = "".join(f'<td class="n">{number(p.value) if p else ""}</td>' for p in levels)
    name = f'<th scope="row">{e(series.name)}</th><td>{e(series.split)}</td>'
    return f'<tr>{name}<td class="n">{known.points:,}</td>{cells}</tr>'


def _settings(config: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for key, value in config.items():
        # A setting can be a whole nested document: its text may not weigh more than the report.
        yield (
            str(key),
            "…" if isinstance(value, Mapping | list | tuple) and len(value) > 20 else str(value)[:300],
        )


def _folded(title: str, body: str) -> str:
    """A table that is closed until it is wanted."""
    return f'<details><summary>{title}</summary><div class="wide"><table>{body}</table></div></details>'
