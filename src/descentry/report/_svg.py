"""A still drawing of a curve, for notebooks, for pages without scripts and for tables."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from descentry.core.data import Report, Series
from descentry.report._columns import Columns, columns, placed
from descentry.report._numbers import alike, extent
from descentry.report._scale import Scale, linear_ticks, scale_for
from descentry.report._words import CONCERNS, behaviour, clean, letter, metric

# Okabe and Ito's colours: readers with any kind of colour vision tell them apart.
TONES = {"neutral": "#56b4e9", "attention": "#e69f00", "failing": "#d55e00"}
LINE = "#0072b2"
LETTER = 11.0  # the room that a letter needs beside another
STROKE = 'fill="none" stroke-width="1.3" stroke-linejoin="round" stroke-linecap="round"'


def figure(report: Report, width: int = 720, height: int = 240) -> str:
    """The main curve of a report with its axes and phases; empty when there is none."""
    main = report.main
    if main is None or not len(main):
        return ""
    left, right, top, bottom = 58, 10, 18, 34
    wide, high = width - left - right, height - top - bottom
    (first, last), same = extent(report), alike(report)
    scale = scale_for(main.value)
    parts = [
        f'<svg {_box(width, height)} role="img" style="max-width:100%;height:auto" '
        'font-family="system-ui, sans-serif" font-size="11" fill="currentColor">',
        f"<title>{escape(alternative(report))}</title>",
    ]
    taken: list[float] = []
    for i, finding in enumerate(report.findings):
        if finding.series not in same:
            continue
        a, b = (left + x / 4 for x in _across([finding.start, finding.stop], first, last, 4 * wide))
        tone = TONES[CONCERNS[finding.concern].tone]
        box = f'x="{a:.1f}" y="{top}" width="{max(b - a, 1.5):.1f}" height="{high}"'
        parts.append(f'<rect {box} fill="{tone}" fill-opacity="0.13"/>')
        middle = (a + b) / 2
        while any(abs(middle - x) < LETTER for x in taken) and middle < width - right:
            middle += LETTER
        taken.append(middle)
        parts.append(f'<text x="{middle:.1f}" y="{top - 5}" text-anchor="middle">{letter(i)}</text>')
    if scale is not None:
        for value, text in scale.ticks(5):
            y = top + high * (1 - _place(scale, value))
            parts.append(f'<path d="M{left} {y:.1f}h{wide}" stroke="currentColor" stroke-opacity="0.15"/>')
            parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    for value, text in linear_ticks(first, last, 6) if last > first else [(float(first), f"{first:,}")]:
        x = left + _across([int(value)], first, last, 4 * wide)[0] / 4
        parts.append(f'<text x="{x:.1f}" y="{height - bottom + 15}" text-anchor="middle">{text}</text>')
    cut = columns(main, wide, first, last)
    parts += [
        f'<path d="M{left + c} {top}v{high}" stroke="{TONES["failing"]}" stroke-opacity="0.5"/>'
        for c in cut.broken.tolist()
    ]
    parts.append(
        f'<path d="M{left} {top}v{high}h{wide}" fill="none" stroke="currentColor" stroke-opacity="0.5"/>'
    )
    if scale is not None:
        line = f'd="{_path(cut, scale, high)}" stroke="{LINE}" {STROKE}'
        parts.append(f'<path transform="translate({left} {top})" {line}/>')
    label = f"{clean(main.step_name)} →" + (f" · {metric(main)}, {scale.word}" if scale else "")
    parts.append(f'<text x="{width - right}" y="{height - 4}" text-anchor="end">{escape(label)}</text></svg>')
    return "".join(parts)


def spark(series: Series | None, width: int = 120, height: int = 26) -> str:
    """The shape of a curve, small enough for a table cell."""
    scale = scale_for(series.value) if series is not None else None
    if series is None or scale is None:
        return ""
    cut = columns(series, width - 4, int(series.step[0]), int(series.step[-1]))
    line = f'd="{_path(cut, scale, height - 4)}" stroke="currentColor" {STROKE}'
    path = f'<path transform="translate(2 2)" {line}/>'
    return f'<svg class="spark" {_box(width, height)} aria-hidden="true">{path}</svg>'


def _box(width: int, height: int) -> str:
    return f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'


def alternative(report: Report) -> str:
    """What the drawing shows, for those who cannot see it."""
    assert report.main is not None
    phases = [f"{letter(i)}, {behaviour(f)}" for i, f in enumerate(report.findings[:26])]
    return f"Curve of {metric(report.main)}. {clean(report.headline)}" + (
        f" Marked: {'; '.join(phases)}." if phases else ""
    )


def _across(steps: Sequence[int], first: int, last: int, count: int) -> list[int]:
    found: list[int] = placed(np.asarray(steps, dtype=np.int64), first, last, count).tolist()
    return found


def _place(scale: Scale, value: float) -> float:
    return float(scale.at(np.asarray(value)))


def _path(cut: Columns, scale: Scale, height: int) -> str:
    """Each column from its first to its lowest, highest and last value, joined where the curve runs on."""
    stacked = [(1 - scale.at(v)) * height for v in (cut.first, cut.low, cut.high, cut.last)]
    pieces = []
    for i, (x, enter, low, high, leave) in enumerate(
        zip(cut.at.tolist(), *(v.tolist() for v in stacked), strict=True)
    ):
        pieces.append(f"{'L' if cut.joined[i] else 'M'}{x} {enter:.1f}")
        # A single point between two holes is drawn as a dot: a line of no length with round ends.
        pieces.append(f"V{low:.1f}V{high:.1f}V{leave:.1f}" if low != high else f"V{enter:.1f}")
    return "".join(pieces)
