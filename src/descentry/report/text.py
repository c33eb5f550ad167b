"""The report as a page of text: the verdict first, the curve drawn in the terminal, then its story."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from descentry.core.data import Comparison, Finding, Report, Series
from descentry.report._lines import STYLES, Line, Span, ascii_only, hanging, plain, shortened
from descentry.report._numbers import alike, extent, numbers
from descentry.report._plot import Segment, plot
from descentry.report._reasons import capital, likely, reasons, shown, weight
from descentry.report._table import table
from descentry.report._words import (
    CONCERNS,
    VERDICTS,
    clean,
    count,
    ending,
    letter,
    metric,
    number,
    steps,
    summary,
    sureness,
    told,
)

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100
MIN_WIDTH, MAX_WIDTH = 60, 140
MAX_TOLD = 20
MOST_NAMED = 4  # causes that are only named
MAX_NOTES = 8
MANY = 15


def render(subject: Report | Comparison, *, width: int = WIDTH) -> str:
    """The page as plain text, at least 60 cells wide, without colour."""
    return plain(_page(subject, width))


def render_line(report: Report) -> str:
    """The verdict on a run in one line."""
    mark = VERDICTS[report.verdict]
    return f"{mark.symbol} {mark.word.upper()}  {clean(report.run.name)}: {clean(report.headline)}"


def print_to(console: Console, subject: Report | Comparison) -> None:
    """Prints the page on a terminal, in its width and as much colour as it has."""
    from rich.text import Text

    width = min(max(console.width, MIN_WIDTH), MAX_WIDTH)
    narrow = not console.encoding.lower().startswith("utf")
    for line in _page(subject, width):
        text = Text(end="")
        for span in line:
            text.append(ascii_only(span.text) if narrow else span.text, STYLES[span.style])
        text.rstrip()
        console.print(text, soft_wrap=True, highlight=False)


def _page(subject: Report | Comparison, width: int) -> list[Line]:
    width = max(width, MIN_WIDTH)
    return _report(subject, width) if isinstance(subject, Report) else _comparison(subject, width)


def _report(report: Report, width: int) -> list[Line]:
    mark = VERDICTS[report.verdict]
    name = shortened(clean(report.run.name), width - 16)
    lines: list[Line] = [[Span(f"{mark.symbol} {mark.word.upper()}", mark.tone), Span(f"  {name}", "quiet")]]
    lines += hanging([], clean(report.headline), width, "headline")
    kept = told(report.findings, MAX_TOLD)
    lines += _curves(report, kept, width)
    if report.findings:
        lines += [[], [Span("What happened", "heading")], *_story(report, kept, width)]
    lines += _why(report, width)
    word, sentence = ending(report.convergence)
    sure = sureness(report.convergence.confidence) if report.convergence.status != "undetermined" else ""
    lines += [[], [Span("How it ended", "heading")]]
    lines += hanging([Span("  ")], f"{word} {sentence}", width, tail=f"({sure})" if sure else "")
    lines += _ahead(report, width)
    lines += _list("What to do next", report.next_steps, width, numbered=True)
    lines += _list("Not looked at", report.not_examined, width)
    lines += _list("About the log", [gap.what for gap in report.run.gaps], width)
    return [*lines, [], *_source(report, width)]


def _ahead(report: Report, width: int) -> list[Line]:
    if report.forecast is None or report.forecast.expected is None:
        return []
    said = " ".join((report.forecast.sentence, *report.forecast.caveats))
    return [[], [Span("More epochs?", "heading")], *hanging([Span("  ")], clean(said), width)]


def _why(report: Report, width: int) -> list[Line]:
    """The causes that are told, each with what speaks for it and against it."""
    found = reasons(report)
    if found is None:
        return []
    lines: list[Line] = [[], [Span("Why", "heading")], *hanging([Span("  ")], found.lead, width)]
    for i, diagnosis in enumerate(found.told):
        head = [Span(f"  {i + 1}. ", "quiet")]
        lines += hanging(head, f"{capital(diagnosis.title)}.", width, "headline", f"({likely(diagnosis)})")
        evidence, left = shown(diagnosis)
        for one in evidence:
            sign = [Span("     "), Span(f"{weight(one)} ", "quiet")]
            lines += hanging(sign, clean(one.sentence), width, tail=f"(compare: {clean(one.reference)})")
        if left:
            more = f"… and {count(left, 'lesser line')}; --html and --json show all."
            lines += hanging([Span("     ")], more, width, "quiet")
    if found.told:
        nats = "Numbers are weights in nats: + speaks for it, − against it."
        lines += hanging([Span("  ")], nats, width, "quiet")
    if found.ruled_out:
        lines += hanging([Span("  Ruled out  ", "quiet")], f"{_joined(found.ruled_out)}.", width, "quiet")
    if found.open:
        lines += hanging([Span("  Not told   ", "quiet")], f"{_joined(found.open)}.", width, "quiet")
    return lines


def _joined(titles: Sequence[str]) -> str:
    kept = "; ".join(clean(t) for t in titles[:MOST_NAMED])
    left = len(titles) - MOST_NAMED
    return f"{kept}; and {left} more" if left > 0 else kept


def _curves(report: Report, kept: Sequence[int], width: int) -> list[Line]:
    """The main series with its phases, then a small drawing of the other series that a concern is about."""
    main = report.main
    if main is None or not len(main):
        return []
    (first, last), same = extent(report), alike(report)
    segments = [
        Segment(letter(i), f.start, f.stop, CONCERNS[f.concern].tone)
        for i, f in ((i, report.findings[i]) for i in kept)
        if f.series in same
    ]
    lines: list[Line] = [[]]
    other = _other(report, main)
    if other is not None:
        lines += [*plot(other, width, 5, first, last), []]
    return lines + plot(main, width, 12 if width >= WIDTH else 10, first, last, segments)


def _other(report: Report, main: Series) -> Series | None:
    names = [f.series for f in report.findings if f.series != main.name and f.concern != "none"]
    found = (
        s for name in names for s in report.run.series if s.name == name and s.step_name == main.step_name
    )
    return next(found, None)


def _story(report: Report, kept: Sequence[int], width: int) -> list[Line]:
    name = clean(report.main.step_name) if report.main else "step"
    lines: list[Line] = []
    for i in kept:
        finding = report.findings[i]
        mark = CONCERNS[finding.concern]
        head = [Span("  "), Span(f"{letter(i):<2}{mark.symbol}", mark.tone), Span(" ")]
        sentence = _sentence(finding, report.main)
        known = f"{finding.start:,}" in sentence
        where = "" if known else f"{steps(finding.start, finding.stop, name)}, "
        lines += hanging(head, sentence, width, tail=f"({where}{sureness(finding.confidence)})")
    left_out = len(report.findings) - len(kept)
    if left_out:
        lines.append(
            [Span(f"  … and {count(left_out, 'lesser finding')}; --html and --json show all.", "quiet")]
        )
    return lines


def _sentence(finding: Finding, main: Series | None) -> str:
    sentence = clean(finding.sentence)
    name = clean(finding.series)
    return (
        sentence if main is None or finding.series == main.name or name in sentence else f"{name}: {sentence}"
    )


def _list(title: str, items: Sequence[str], width: int, *, numbered: bool = False) -> list[Line]:
    if not items:
        return []
    lines: list[Line] = [[], [Span(title, "heading")]]
    for i, item in enumerate(items[:MAX_NOTES]):
        lines += hanging([Span(f"  {i + 1}. " if numbered else "  • ", "quiet")], clean(item), width)
    if len(items) > MAX_NOTES:
        lines.append([Span(f"  … and {len(items) - MAX_NOTES:,} more; --html and --json show all.", "quiet")])
    return lines


def _source(report: Report, width: int) -> list[Line]:
    parts = [clean(report.run.source) or clean(report.run.name)]
    if report.main is not None and len(report.main):
        main = report.main
        known = numbers(main)
        parts += [
            f"{metric(main)}, {count(known.points, 'point')}",
            steps(int(main.step[0]), int(main.step[-1]), clean(main.step_name)),
        ]
        if known.first and known.last and known.best:
            parts.append(f"{number(known.first.value)} → {number(known.last.value)}")
            parts.append(f"{known.best_word} {number(known.best.value)}")
    return hanging([Span("Source  ", "quiet")], " · ".join(parts), width, "quiet")


def _comparison(comparison: Comparison, width: int) -> list[Line]:
    worst, said = summary(comparison)
    mark = VERDICTS[worst]
    lines: list[Line] = [[Span(f"{mark.symbol} {said}", mark.tone)]]
    if not len(comparison):
        return lines
    heading = lines[0]
    lines += [[], *table(comparison, width), []]
    if len(comparison) > MANY:
        lines += [heading, []]  # the first line has left the screen by now
    command = f"descentry explain {clean(comparison.source) or 'FILE'} --run NAME"
    return lines + hanging([Span("One run in full  ", "quiet")], command, width, "quiet")
