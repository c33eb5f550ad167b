"""The report as plain data, ready for strict JSON; ``docs/json.md`` is its schema."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import descentry
from descentry.core.data import Comparison, Diagnosis, Estimate, Finding, Forecast, Gap, Report, Series
from descentry.report._numbers import Point, numbers

REPORT = "descentry.report/1"
COMPARISON = "descentry.comparison/1"
MAX_DEPTH = 20

_SURROGATES = re.compile("[\ud800-\udfff]")


def to_dict(subject: Report | Comparison) -> dict[str, Any]:
    """The report or comparison as dicts, lists, strings, finite numbers, booleans and None only.

    A number that is not finite becomes None, and ``non_finite`` lists where it stood and what it was.
    """
    if isinstance(subject, Comparison):
        return {
            "schema": COMPARISON,
            "descentry": descentry.__version__,
            "source": _text(subject.source),
            "reports": [to_dict(report) for report in subject],
        }
    data = {
        "schema": REPORT,
        "descentry": descentry.__version__,
        "run": {
            "name": subject.run.name,
            "source": subject.run.source,
            "reader": subject.run.reader,
            "series": [_series(s) for s in subject.run.series],
            "config": subject.run.config,
            "gaps": [_gap(g) for g in subject.run.gaps],
        },
        "verdict": subject.verdict,
        "headline": subject.headline,
        "main": None if subject.main is None else _main(subject.main),
        "findings": [_finding(f) for f in subject.findings],
        "convergence": {
            "status": subject.convergence.status,
            "confidence": subject.convergence.confidence,
            "sentence": subject.convergence.sentence,
            "since": subject.convergence.since,
        },
        "forecast": None if subject.forecast is None else _forecast(subject.forecast),
        "diagnoses": [_diagnosis(d) for d in subject.diagnoses],
        "next_steps": list(subject.next_steps),
        "not_examined": list(subject.not_examined),
    }
    return strict(data)


def strict(data: dict[str, Any]) -> dict[str, Any]:
    """The same with nothing in it that strict JSON lacks, and what was not finite in ``non_finite``."""
    lost: list[dict[str, str]] = []
    kept: dict[str, Any] = _strict(data, "", lost, 0)
    return {**kept, "non_finite": lost}


def render(subject: Report | Comparison) -> str:
    """The same as a JSON document, indented; pure ASCII, so that any stream can carry it."""
    return json.dumps(to_dict(subject), indent=2, allow_nan=False)


def plain(value: Any) -> Any:
    """Any value as JSON can hold it: what is not finite is None, what is unknown its text."""
    return _strict(value, "", [], 0)


def _series(series: Series) -> dict[str, Any]:
    return {
        "name": series.name,
        "split": series.split,
        "step_name": series.step_name,
        "points": len(series),
        "first_step": int(series.step[0]) if len(series) else None,
        "last_step": int(series.step[-1]) if len(series) else None,
    }


def _main(series: Series) -> dict[str, Any]:
    known = numbers(series)
    return {
        "name": series.name,
        "split": series.split,
        "step_name": series.step_name,
        "points": known.points,
        "finite": known.finite,
        "first": _point(known.first),
        "last": _point(known.last),
        "lowest": _point(known.lowest),
        "highest": _point(known.highest),
    }


def _point(point: Point | None) -> dict[str, Any] | None:
    return None if point is None else {"step": point.step, "value": point.value}


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "kind": gap.kind,
        "what": gap.what,
        "count": gap.count,
        "series": gap.series,
        "start": gap.start,
        "stop": gap.stop,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "behaviour": finding.behaviour,
        "series": finding.series,
        "start": finding.start,
        "stop": finding.stop,
        "size": _estimate(finding.size),
        "confidence": finding.confidence,
        "concern": finding.concern,
        "sentence": finding.sentence,
    }


def _diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "cause": diagnosis.cause,
        "title": diagnosis.title,
        "status": diagnosis.status,
        "probability": diagnosis.probability,
        "concern": diagnosis.concern,
        "evidence": [
            {
                "source": e.source,
                "weight": e.weight,
                "value": e.value,
                "reference": e.reference,
                "sentence": e.sentence,
            }
            for e in diagnosis.evidence
        ],
        "missing": list(diagnosis.missing),
        "remedies": [
            {
                "id": r.id,
                "change": dict(r.change),
                "sentence": r.sentence,
                "look_for": r.look_for,
                "safety": r.safety,
                "reversible": r.reversible,
            }
            for r in diagnosis.remedies
        ],
        "next_measurement": diagnosis.next_measurement,
    }


def _forecast(forecast: Forecast) -> dict[str, Any]:
    fan = forecast.fan
    return {
        "series": forecast.series,
        "worth": forecast.worth,
        "sentence": forecast.sentence,
        "caveats": list(forecast.caveats),
        "at": forecast.at,
        "horizon": forecast.horizon,
        "current": _estimate(forecast.current),
        "expected": _estimate(forecast.expected),
        "gain": _estimate(forecast.gain),
        "share": _estimate(forecast.share),
        "chance": forecast.chance,
        "basis": dict(forecast.basis),
        "fan": None
        if fan is None
        else {
            "step": fan.step.tolist(),
            "middle": fan.middle.tolist(),
            "low": fan.low.tolist(),
            "high": fan.high.tolist(),
        },
    }


def _estimate(size: Estimate | None) -> dict[str, Any] | None:
    return (
        None if size is None else {"value": size.value, "low": size.low, "high": size.high, "unit": size.unit}
    )


def _text(text: str) -> str:
    return _SURROGATES.sub("\ufffd", text)


def _strict(value: Any, path: str, lost: list[dict[str, str]], depth: int) -> Any:
    """The value with nothing in it that JSON lacks; settings can hold anything that a caller put there."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return _strict(value.item(), path, lost, depth + 1) if depth < MAX_DEPTH else _text(str(value))
    if isinstance(value, int):
        # Python refuses to write integers of more than 4,300 digits.
        return value if value.bit_length() <= 1024 else None
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        lost.append({"path": path, "value": "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")})
        return None
    if depth < MAX_DEPTH and isinstance(value, Mapping):
        return {
            _text(str(k)): _strict(v, f"{path}/{_pointer(str(k))}", lost, depth + 1) for k, v in value.items()
        }
    if depth < MAX_DEPTH and isinstance(value, list | tuple):
        return [_strict(v, f"{path}/{i}", lost, depth + 1) for i, v in enumerate(value)]
    # What is nested deeper is left out: to write it as text could exhaust the stack.
    return "…" if isinstance(value, Mapping | list | tuple) else _text(str(value)[:1000])


def _pointer(key: str) -> str:
    """A key as a step of a JSON pointer (RFC 6901)."""
    return _text(key).replace("~", "~0").replace("/", "~1")
