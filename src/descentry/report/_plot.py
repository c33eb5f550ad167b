"""A curve in the terminal: its dots, its axes, and the band of phases under it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len

from descentry.core.data import Series
from descentry.report._braille import curve
from descentry.report._columns import placed
from descentry.report._lines import Line, Span, shortened
from descentry.report._scale import linear_ticks, scale_for
from descentry.report._words import clean, metric

MAX_LANES = 5


class Segment(NamedTuple):
    """A finding on the band: its letter, its steps, and the style of its concern."""

    letter: str
    start: int
    stop: int
    style: str


def plot(
    series: Series, width: int, height: int, first: int, last: int, segments: Sequence[Segment] = ()
) -> list[Line]:
    """The curve between two steps, with its axes, and its phases marked under it."""
    scale = scale_for(series.value)
    ticks = scale.ticks(max(3, height // 3)) if scale else []
    gutter = max([7, *(len(text) for _, text in ticks)])
    room = width - gutter - 2
    dots, broken = curve(series, scale, room, height, first, last)
    labels = {}
    for value, text in ticks:
        assert scale is not None
        down = 1 - float(scale.at(np.asarray(value)))
        labels[min(height - 1, round(down * (4 * height - 1)) // 4)] = text
    title = Span(shortened(metric(series), width - 16), "heading")
    lines: list[Line] = [[title, Span(f"  {scale.word}" if scale else "", "quiet")]]
    for row, text in enumerate(dots):
        mark = "┤" if row in labels else "│"
        lines.append([Span(f"{labels.get(row, ''):>{gutter}} {mark}", "quiet"), Span(text, "curve")])
    if broken:
        marks = "".join("×" if c in set(broken) else " " for c in range(room))
        lines.append([Span(f"{'NaN/inf':>{gutter}} │", "failing"), Span(marks, "failing")])
    axis, below = _x_axis(series.step_name, room, first, last)
    lines.append([Span(" " * (gutter + 1) + "└" + axis, "quiet")])
    lines.append([Span(" " * (gutter + 2) + below, "quiet")])
    lines.extend([Span(" " * (gutter + 2)), *lane] for lane in band(segments, room, first, last))
    return lines


def _x_axis(step_name: str, room: int, first: int, last: int) -> tuple[str, str]:
    """The axis with its ticks, and their labels below it, the name of the steps at the right end."""
    name = shortened(clean(step_name), 16)
    axis, below = ["─"] * room, [" "] * room
    below[room - cell_len(name) :] = name
    free = 0
    for value, text in (
        linear_ticks(float(first), float(last), max(2, room // 16))
        if last > first
        else [(float(first), f"{first:,}")]
    ):
        at = int(placed(np.asarray(int(value)), first, last, 2 * room)) // 2
        start = max(0, min(at - len(text) // 2, room - len(text)))
        if start < free or start + len(text) > room - cell_len(name) - 1:
            continue
        axis[at] = "┬"
        below[start : start + len(text)] = text
        free = start + len(text) + 2
    return "".join(axis), "".join(below)


def band(segments: Sequence[Segment], room: int, first: int, last: int) -> list[Line]:
    """The segments on as few lanes as hold them without overlap; what finds no lane is marked ``+``."""
    lanes: list[list[Span]] = []
    for segment in sorted(segments, key=lambda s: (s.start, -s.stop)):
        ends = placed(np.asarray([segment.start, segment.stop]), first, last, 2 * room) // 2
        left, right = int(ends[0]), int(ends[1])
        text = _drawn(segment.letter, right - left + 1)
        left = min(left, room - len(text))
        place = range(left, left + len(text))
        lane = next((row for row in lanes if all(row[c].text == " " for c in place)), None)
        if lane is None and len(lanes) < MAX_LANES:
            lane = [Span(" ")] * room
            lanes.append(lane)
        if lane is None:
            if lanes[-1][left].text == " ":
                lanes[-1][left] = Span("+", segment.style)
            continue
        for c, character in zip(place, text, strict=True):
            lane[c] = Span(character, segment.style)
    return [_merged(lane) for lane in lanes]


def _drawn(letter: str, width: int) -> str:
    """``├──A──┤``, or as much of it as there is room for; never less than the letter."""
    if width < len(letter) + 2:
        return letter
    return "├" + letter.center(width - 2, "─") + "┤"


def _merged(lane: list[Span]) -> Line:
    line: Line = []
    for span in lane:
        if line and line[-1].style == span.style:
            line[-1] = Span(line[-1].text + span.text, span.style)
        else:
            line.append(span)
    return line
