"""The reliability plot: how often what was said with a probability was true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks._shares import wilson

BINS = 10
SIDE, EDGE = 320, 46
COLOURS = {"watched": "#0072B2", "log": "#D55E00"}
NAMES = {"watched": "with a watch", "log": "from logs alone"}


def bins(said: Sequence[float], true: Sequence[bool]) -> list[tuple[float, float, float, float, int]]:
    """For each bin that is not empty: what was said, what was true, its interval, and the count."""
    p, t = np.asarray(said), np.asarray(true, dtype=bool)
    at = np.minimum((p * BINS).astype(int), BINS - 1)
    rows = []
    for b in range(BINS):
        inside = at == b
        n = int(inside.sum())
        if n:
            low, high = wilson(int(t[inside].sum()), n)
            rows.append((float(p[inside].mean()), float(t[inside].mean()), low, high, n))
    return rows


def draw(curves: Mapping[str, tuple[Sequence[float], Sequence[bool]]]) -> str:
    """An SVG with one line for each view; circles are as large as there are many answers."""
    x, y = (lambda v: EDGE + SIDE * v), (lambda v: 10 + SIDE * (1 - v))
    parts = [
        f'<rect x="{EDGE}" y="10" width="{SIDE}" height="{SIDE}" fill="none" stroke="#8885"/>',
        f'<path d="M{x(0)} {y(0)}L{x(1)} {y(1)}" stroke="#888" stroke-dasharray="4 4"/>',
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<text x="{x(tick)}" y="{y(0) + 18}" text-anchor="middle">{tick:.0%}</text>')
        parts.append(f'<text x="{EDGE - 6}" y="{y(tick) + 4}" text-anchor="end">{tick:.0%}</text>')
    for i, (view, (said, true)) in enumerate(curves.items()):
        rows, colour = bins(said, true), COLOURS[view]
        dash = ' stroke-dasharray="6 3"' if i else ""
        path = "L".join(f"{x(p):.1f} {y(t):.1f}" for p, t, *_ in rows)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        for p, t, low, high, n in rows:
            parts.append(f'<path d="M{x(p):.1f} {y(low):.1f}V{y(high):.1f}" stroke="{colour}" opacity=".6"/>')
            size = 2 + 6 * np.sqrt(n / max(len(said), 1))
            parts.append(f'<circle cx="{x(p):.1f}" cy="{y(t):.1f}" r="{size:.1f}" fill="{colour}"/>')
        parts.append(f'<text x="{x(0.03)}" y="{30 + 18 * i}" fill="{colour}">{NAMES[view]}</text>')
    parts.append(f'<text x="{x(0.5)}" y="{y(0) + 38}" text-anchor="middle">said</text>')
    parts.append(
        f'<text x="12" y="{y(0.5)}" text-anchor="middle" transform="rotate(-90 12 {y(0.5)})">true</text>'
    )
    width, height = EDGE + SIDE + 14, SIDE + 60
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="#777" role="img">'
        f"<title>How often the first answer was right, by the probability it was given</title>"
        f"{''.join(parts)}</svg>\n"
    )
