"""What the list of runs says of each, and what the page of one is told: plain data, of a report."""

from __future__ import annotations

import hashlib
import math
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from descentry.core.data import Report, Series
from descentry.core.errors import DescentryError
from descentry.core.readings import ERROR, instruments, readings
from descentry.diagnosis import supported
from descentry.report import json
from descentry.report._words import behaviour, clean
from descentry.web.board._cuts import cuts_of
from descentry.web.board._pyramid import Pyramid
from descentry.web.board._stored import journal

SPARK = 80  # columns of a sparkline
JOURNAL = 1_000  # lines of a journal that a page is given: the last ones
_NAME = 300  # characters of a name that are shown


def summary(report: Report, run_id: str, where: str, modified: float) -> dict[str, Any]:
    """The line of a run in the list."""
    main = report.main
    causes = supported(report.diagnoses)[:1]
    return {
        "id": run_id,
        "name": named(report.run.name),
        "where": named(where),
        "reader": report.run.reader,
        "verdict": report.verdict,
        "headline": clean(report.headline),
        "convergence": report.convergence.status,
        "cause": None if not causes else {"id": causes[0].cause, "title": clean(causes[0].title)},
        "running": any(gap.kind == "running" for gap in report.run.gaps),
        "modified": modified,
        "series": len(report.run.series),
        "points": sum(map(len, report.run.series)),
        "main": None if main is None or not len(main) else _main(main),
    }


def _main(main: Series) -> dict[str, Any]:
    return {
        "name": named(main.name),
        "step_name": main.step_name,
        "last_step": int(main.step[-1]),
        "last": number(main.value[-1]),
        "spark": _spark(main),
    }


def _spark(series: Series) -> dict[str, Any]:
    """The curve in a few columns, spikes and all; ``bad`` counts what is not finite."""
    points = Pyramid.of(series.step, series.value)
    tile = points.tile(cuts_of(series.step, int(series.step[0]), int(series.step[-1]), SPARK))
    return {
        "step": [int(x) for x in tile["start"]],
        **{name: [number(v) for v in tile[name]] for name in ("low", "middle", "high")},
        "bad": [int(n) for n in tile["bad"]],
    }


def detail(report: Report, folder: Path) -> dict[str, Any]:
    """What the page of a run is told, but for its points."""
    read = instruments(report.run)
    measured = readings(report.run)
    return {
        "report": json.to_dict(report),
        "series": [
            {
                "key": key,
                "name": named(s.name),
                "split": s.split,
                "step_name": s.step_name,
                "points": len(s),
                "first_step": int(s.step[0]) if len(s) else None,
                "last_step": int(s.step[-1]) if len(s) else None,
                "last": number(s.value[-1]) if len(s) else None,
                "timed": s.time is not None,
                "main": s is report.main,
                # The instrument that read it, and in which unit; standard errors are series of their own.
                "instrument": s.name.partition("/")[0].removesuffix(ERROR) if s.name in measured else None,
                "unit": str(read.get(s.name.partition("/")[0], "")) if s.name in measured else "",
                "error_of": s.name.removesuffix(ERROR) if s.name.endswith(ERROR) else None,
            }
            for key, s in zip(keys([s.name for s in report.run.series]), report.run.series, strict=True)
        ],
        # What the findings are called: a sudden drop of an accuracy is no drop of a loss.
        "phases": [behaviour(f) for f in report.findings],
        "journal": _journal(report, folder),
    }


def _journal(report: Report, folder: Path) -> list[dict[str, Any]]:
    if report.run.reader not in {"run-folder", "run-file"}:
        return []
    try:
        lines = journal(folder / report.run.source, JOURNAL)
    except (DescentryError, OSError, sqlite3.Error):
        return []
    return [
        {
            "time": number(line.time),
            "step": line.step,
            "kind": clean(line.kind),
            "data": json.plain(line.data),
        }
        for line in lines
    ]


def keys(names: Sequence[str]) -> list[str]:
    """What addresses call the series of a run: their names, but for long ones and for namesakes."""
    taken: set[str] = set()
    out = []
    for number, name in enumerate(names):
        key = clean(name)
        if key in taken or not key or len(key) > _NAME:
            key = hashlib.sha256(f"{number}:{name}".encode("utf-8", "replace")).hexdigest()[:16]
        taken.add(key)
        out.append(key)
    return out


def named(text: str) -> str:
    """A name as it is shown: on one line, without control codes, not a page long."""
    cleaned = clean(text)
    return cleaned if len(cleaned) <= _NAME else cleaned[: _NAME - 1] + "…"


def number(value: float | np.floating[Any]) -> float | str | None:
    """A number for JSON: what is not finite by its name."""
    if math.isfinite(value):
        return float(f"{value:.8g}")
    return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
