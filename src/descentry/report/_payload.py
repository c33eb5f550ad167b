"""The data a page draws from: points, phases and scales, as JSON that is safe inside a page."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np

from descentry.core import metrics
from descentry.core.data import Comparison, Floats, Forecast, Report, Series
from descentry.report._numbers import alike
from descentry.report._points import drawn, trend
from descentry.report._scale import scale_for
from descentry.report._words import CONCERNS, behaviour, clean, letter, metric, steps, titles

# Points in a page: every one of a run that has no more, then about as many; 20,000 weigh 0.4 MB.
MOST_POINTS = 20_000
MOST_OTHER_POINTS = 100_000
MOST_SERIES = 40
MOST_RUNS = 200


def of_report(report: Report) -> dict[str, Any]:
    """The main series and those that can be laid over it, with the phases of the run."""
    main = report.main
    if main is None or not len(main):
        return {"series": [], "phases": []}
    others = alongside(report)
    most = max(500, min(MOST_POINTS, MOST_OTHER_POINTS // max(1, len(others))))
    scale = scale_for(main.value)
    akin = [s for s in others if metrics.kind(s.name) == metrics.kind(main.name)]
    twin = next((s for s in akin if metrics.split(s.name) == "validation" and len(s) > 1), None)
    concerned = {f.series for f in report.findings}
    series = [_series(main, metric(main), MOST_POINTS, shown=True, own=False)]
    for other in others:
        own = all(other is not s for s in akin)
        shown = other is twin or (other.name in concerned and not own)
        series.append(_series(other, metric(other), most, shown=shown, own=own))
    same = alike(report)
    return {
        "kind": "report",
        "stepName": clean(main.step_name),
        "log": bool(scale and scale.log),
        "series": series,
        "fan": _fan(report.forecast),
        "phases": [
            {
                "letter": letter(i),
                "start": f.start,
                "stop": f.stop,
                "drawn": f.series in same,
                "tone": CONCERNS[f.concern].tone,
                "name": behaviour(f),
                "steps": steps(f.start, f.stop, clean(main.step_name)),
            }
            for i, f in enumerate(report.findings)
        ],
    }


def _fan(forecast: Forecast | None) -> dict[str, Any] | None:
    """The forecast of the main series; None where there is none to draw."""
    if forecast is None or forecast.fan is None:
        return None
    fan = forecast.fan
    ends = (fan.middle, fan.low, fan.high)
    if not all(np.isfinite(values).all() for values in ends):
        return None
    middle, low, high = (_values(values) for values in ends)
    return {"x": fan.step.tolist(), "middle": middle, "low": low, "high": high}


def alongside(report: Report) -> list[Series]:
    """The other series that share the main one's steps, those that matter most first."""
    main = report.main
    if main is None:
        return []
    rest = [
        s
        for s in report.run.series
        if s is not main and len(s) and s.step_name == main.step_name and np.isfinite(s.value).any()
    ]
    first = metrics.candidates(rest)
    return [*first, *(s for s in rest if all(s is not f for f in first))][:MOST_SERIES]


def of_comparison(comparison: Comparison) -> dict[str, Any]:
    """The main series of every run, over the steps that most of them count in."""
    names = titles(comparison.reports)
    kind = step_name(comparison)
    chosen = [
        (i, r.main)
        for i, r in enumerate(comparison.reports)
        if r.main is not None and len(r.main) and r.main.step_name == kind
    ]
    chosen = chosen[:MOST_RUNS]
    most = max(300, min(MOST_POINTS, 2 * MOST_OTHER_POINTS // max(1, len(chosen))))
    series = [
        {**_series(main, names[i], most, shown=k < 8, own=False), "run": i}
        for k, (i, main) in enumerate(chosen)
    ]
    # One curve that needs a logarithmic axis would be unreadable on another, and many do no harm to the rest.
    log = any(scale.log for _, main in chosen if (scale := scale_for(main.value)))
    positive = all(bool((main.value[np.isfinite(main.value)] > 0).all()) for _, main in chosen)
    return {
        "kind": "comparison",
        "stepName": clean(kind),
        "log": log and positive,
        "series": series,
        "phases": [],
    }


def step_name(comparison: Comparison) -> str:
    """What most runs count their steps in."""
    known = Counter(r.main.step_name for r in comparison.reports if r.main is not None and len(r.main))
    return known.most_common(1)[0][0] if known else "step"


def _series(series: Series, name: str, most: int, *, shown: bool, own: bool) -> dict[str, Any]:
    points = drawn(series, most)
    knots, level = trend(series)
    return {
        "name": name,
        "x": points.step.tolist(),
        "y": _values(points.value),
        "holes": [[s.start, s.stop, s.kind, s.count] for s in points.stretches],
        "trend": [knots.tolist(), _values(level)] if len(knots) else None,
        "points": len(series),
        "thinned": points.thinned,
        "shown": shown,
        "own": own,
    }


def _values(values: Floats) -> list[float | None]:
    """Nine digits, of which a float32 loss has no more; seventeen where values lie closer than that."""
    finite = values[np.isfinite(values)]
    close = bool(finite.size) and np.ptp(finite / 2) < 1e-5 * np.abs(finite / 2).max()
    digits = 17 if close else 9
    return [None if v != v else float(f"{v:.{digits}g}") for v in values.tolist()]


def embedded(data: dict[str, Any]) -> str:
    """Strict JSON that cannot end the script element it stands in."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
