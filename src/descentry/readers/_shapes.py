"""Finds the curves in a JSON document: lists of numbers under names, records, values keyed by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from descentry.core import metrics
from descentry.core.data import Gap, Ints
from descentry.core.errors import NoCurveError, listed
from descentry.readers._cells import Column, Table
from descentry.readers._columns import drafts
from descentry.readers._draft import Draft, Track, to_float
from descentry.readers._layout import clean_name
from descentry.readers._records import DEPTH, collect, number, settings

T = TypeVar("T")
MAX_STEP = 2.0**53
_METRIC = frozenset({"loss", "error", "rising"})


@dataclass(eq=False)
class _Found:
    """What a document holds, by name; the names of nested objects are joined by slashes."""

    columns: dict[str, Column | Track] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    records: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)


def curves(document: object, name: str, where: str) -> list[Draft]:
    """The runs in a JSON document; ``name`` is for a bare list of numbers.

    Raises:
        NoCurveError: It holds no list of numbers or records.
    """
    found = _Found()
    _walk(document, "", DEPTH, name, found)
    named = any(metrics.kind(n) in _METRIC for n in found.columns)
    if found.columns and (named or not found.records):
        runs = list(_side_by_side(_unwrapped(found.columns), _unwrapped(found.texts), where))
    elif found.records:
        longest = max(found.records.values(), key=len)
        runs = collect(enumerate(longest), where, [])
    else:
        holds = listed(map(clean_name, document)) if isinstance(document, dict) else type(document).__name__
        raise NoCurveError(
            "no list of numbers is in it, so there is no curve", where=where, how=f"It holds: {holds}."
        )
    config = settings(document) if isinstance(document, dict) else {}
    for run in runs:
        run.config = config | run.config
    return runs


def _walk(value: object, name: str, depth: int, bare: str, found: _Found) -> None:
    if isinstance(value, list) and value:
        _list(value, name or bare, found)
    elif isinstance(value, dict) and value:
        keys = [to_float(key) for key in value]
        steps = [int(k) for k in keys if k is not None and abs(k) < MAX_STEP]
        if len(steps) == len(keys):
            _keyed(list(value.values()), np.array(steps, dtype=np.int64), name or bare, found)
        elif depth > 0:
            for key, inner in value.items():
                _walk(inner, clean_name(f"{name}/{key}" if name else str(key)), depth - 1, bare, found)


def _keyed(values: list[Any], steps: Ints, name: str, found: _Found) -> None:
    """Values under keys that are numbers: steps, or the row numbers that pandas writes."""
    if all(isinstance(v, dict) for v in values):
        counted = any(metrics.step_rank(key) is not None for v in values for key in v)
        stepped = ({"step": step, **v} for step, v in zip(steps.tolist(), values, strict=True))
        found.records[name] = values if counted else list(stepped)
        return
    numbers = [number(v) for v in values]
    if any(n is None and v is not None for n, v in zip(numbers, values, strict=True)):
        return
    points = sorted((step, n) for step, n in zip(steps.tolist(), numbers, strict=True) if n is not None)
    if points:
        step, value = zip(*points, strict=True)
        found.columns[name] = Track(
            name, np.array(value, dtype=np.float64), step=np.array(step, dtype=np.int64)
        )


def _list(items: list[Any], name: str, found: _Found) -> None:
    records: list[Mapping[str, Any]] = [x for x in items if isinstance(x, dict)]
    if len(records) > len(items) / 2:
        found.records[name] = records
    elif all(isinstance(x, list) and len(x) == 2 for x in items):
        pairs = [
            (a, b)
            for a, b in ((number(x[0]), number(x[1])) for x in items)
            if a is not None and b is not None
        ]
        if len(pairs) == len(items) and all(abs(a) < MAX_STEP for a, _ in pairs):
            step, value = np.array(pairs, dtype=np.float64).T
            found.columns[name] = Track(name, value, step=step.astype(np.int64))
    elif all(isinstance(x, str) for x in items) and any(number(x) is None for x in items):
        found.texts[name] = [clean_name(x) for x in items]
    else:
        column = _column(items)
        if column is not None:
            found.columns[name] = column


def _column(items: Sequence[object]) -> Column | None:
    """A list of numbers in which None is an empty cell; None where it holds anything else."""
    numbers = [number(x) for x in items]
    missing = np.array([x is None for x in items])
    if sum(n is None for n in numbers) > missing.sum() or missing.all():
        return None
    return Column(np.array(numbers, dtype=np.float64), ~missing if missing.any() else None)


def _unwrapped(found: dict[str, T]) -> dict[str, T]:
    """Without the outer names that all share, such as ``history/``; a split keeps its name."""
    outer = {name.partition("/")[0] if "/" in name else "" for name in found}
    if len(outer) != 1 or "" in outer or any(map(metrics.split, outer)):
        return found
    return _unwrapped({name.partition("/")[2]: value for name, value in found.items()})


def _side_by_side(
    columns: dict[str, Column | Track], texts: dict[str, list[str]], where: str
) -> Iterator[Draft]:
    """The runs under outer names that hold metrics of the same names, and are no splits."""
    parts: dict[str, dict[str, Column | Track]] = {}
    for name, value in columns.items():
        outer, _, rest = name.partition("/")
        parts.setdefault(outer if rest else "", {})[rest or outer] = value
    first = set(next(iter(parts.values())))
    several = len(parts) > 1 and "" not in parts and not any(map(metrics.split, parts))
    if several and all(first & set(part) for part in parts.values()):
        for run, part in parts.items():
            yield from _drafts(part, {}, run, where)
    else:
        yield from _drafts(columns, texts, "", where)


def _drafts(
    found: dict[str, Column | Track], texts: dict[str, list[str]], run: str, where: str
) -> list[Draft]:
    columns = {name: value for name, value in found.items() if isinstance(value, Column)}
    tracks = [value for value in found.values() if isinstance(value, Track)]
    for name, value in found.items():
        if isinstance(value, Track):
            value.name = name
    _count_rows(tracks)
    longest = max((len(c.value) for c in columns.values()), default=0)
    # Short lists beside long ones are settings (betas, layer sizes), unless named as a metric.
    columns = {
        n: c for n, c in columns.items() if len(c.value) > 2 or longest < 10 or metrics.kind(n) in _METRIC
    }
    if tracks or len({len(c.value) for c in columns.values()}) > 1:
        return [_uneven(columns, tracks, run)]
    found_runs = drafts(Table(longest, columns, {n: t for n, t in texts.items() if len(t) == longest}), where)
    for draft in found_runs:
        draft.name = draft.name or run
    return found_runs


def _count_rows(tracks: list[Track]) -> None:
    """Where one of the tracks counts steps, the others were keyed by row: they take its steps, in place."""
    counted = next(
        (t for t in tracks if metrics.step_rank(t.name) is not None and (np.abs(t.value) < MAX_STEP).all()),
        None,
    )
    if counted is None or counted.step is None or len(tracks) < 2:
        return
    tracks.remove(counted)
    for track in tracks:
        if track.step is not None and np.isin(track.step, counted.step).all():
            track.step = counted.value[np.searchsorted(counted.step, track.step)].astype(np.int64)


def _uneven(columns: dict[str, Column], tracks: list[Track], run: str) -> Draft:
    """Lists of different lengths: each is counted by the step list of its own length, or numbered."""
    names = []
    for length in sorted({len(c.value) for c in columns.values()}, reverse=True):
        group = {name: c for name, c in columns.items() if len(c.value) == length}
        counting = [
            (rank, n) for n, c in group.items() if (rank := metrics.step_rank(n)) is not None and _whole(c)
        ]
        step_name = min(counting)[1] if counting else "row"
        step = group.pop(step_name).value.astype(np.int64) if counting else np.arange(length)
        names.append(step_name)
        for name, column in group.items():
            at = np.arange(length) if column.filled is None else np.flatnonzero(column.filled)
            tracks.append(Track(name, column.value[at], step=step[at]))
    gaps = []
    if len(names) > 1:
        what = (
            f"the lists are of {len(names)} lengths: those without a step list of their length are numbered"
        )
        gaps.append(Gap("uneven-lists", what, len(names)))
    return Draft(tracks, run, gaps=gaps, step_name=names[0] if names else "step")


def _whole(column: Column) -> bool:
    return column.filled is None and bool((np.abs(column.value) < MAX_STEP).all())
