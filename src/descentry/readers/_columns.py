"""From the columns of a table to drafts: runs side by side, splits, long tables, clocks, empty cells."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NoReturn, TypeVar

import numpy as np

from descentry.core import metrics
from descentry.core.data import Floats, Ints
from descentry.core.errors import NoCurveError, TooLargeError, listed
from descentry.core.ranks import median
from descentry.readers._blanks import find_blanks
from descentry.readers._cells import Column, Table
from descentry.readers._draft import MAX_SERIES, Draft, Track
from descentry.readers._vocabulary import (
    is_clock,
    is_unnamed,
    names_metric,
    names_run,
    names_split,
    names_value,
    names_variant,
    seconds,
)

Label = TypeVar("Label", bound=Hashable)

MIN_ROWS_A_RUN = 3  # fewer rows than this for each name, and the table is one of results


def drafts(table: Table, where: str) -> list[Draft]:
    """The runs in a table.

    Raises:
        NoCurveError: There is nothing to plot: no rows, no numbers, or one row a run.
        TooLargeError: There are more names in it than any log has.
    """
    if not table.length:
        raise NoCurveError(
            "the table has a header and no rows",
            where=where,
            how="Has the run logged anything yet?",
            found=table.names,
        )
    _drop_index(table)
    counted = any(metrics.step_rank(name) is not None for name in table.numbers)
    metric, value = _long(table)
    if not (counted or metric):
        _refuse_a_list(table, where)
    found = []
    for name, rows in _runs(table, counted, metric, where):
        tracks = list(_tracks(table, rows, metric, value))
        config = {k: t[0] for k, t in table.texts.items() if len(set(t)) == 1 and t[0] and k != metric}
        found.append(Draft(tracks, name, config, list(table.gaps)))
    if not any(metrics.step_rank(t.name) is None for d in found for t in d.tracks):
        raise NoCurveError(
            "no column holds the numbers of a metric",
            where=where,
            how=f"Columns: {listed(table.names)}.\nA curve wants one row a step, and a number in it.",
            found=table.names,
        )
    return found


def _drop_index(table: Table) -> None:
    """A column without a name is pandas' index: it matters only where nothing else counts steps."""
    for name in [n for n in table.numbers if is_unnamed(n)]:
        column = table.numbers.pop(name)
        if not any(metrics.step_rank(n) is not None for n in table.numbers) and column.filled is None:
            table.numbers["index"] = column


def _long(table: Table) -> tuple[str, str]:
    """The columns of a long table that name the metric and hold its value; empty for a wide table."""
    metric = next(
        (n for n, t in table.texts.items() if names_metric(n) and len(set(t)) <= max(1, len(t) // 2)), ""
    )
    value = next((n for n in table.numbers if names_value(n)), "")
    return (metric, value) if metric and value else ("", "")


def _labels(table: Table, name: str) -> Sequence[str | float]:
    return table.texts[name] if name in table.texts else [int(v) for v in table.numbers[name].value.tolist()]


def _groups(labels: Sequence[Label]) -> Iterator[tuple[Label, Ints]]:
    """The rows of each label, in the order in which labels appear.

    Raises:
        TooLargeError: There are more labels than any log has metrics.
    """
    codes: dict[Label, int] = {}
    code = np.fromiter((codes.setdefault(label, len(codes)) for label in labels), np.int64, len(labels))
    if len(codes) > MAX_SERIES:
        raise TooLargeError(f"more than {MAX_SERIES:,} different names are in one column")
    order = np.argsort(code, kind="stable")
    bounds = np.searchsorted(code[order], np.arange(len(codes) + 1))
    for label, number in codes.items():
        yield label, order[bounds[number] : bounds[number + 1]]


def _runs(table: Table, counted: bool, metric: str, where: str) -> Iterator[tuple[str, Ints | None]]:
    """The name and the rows of each run; None for all rows."""
    telling = []
    for name in table.names:
        words = name in table.texts
        if name == metric or not (names_run(name) or (words and names_variant(name))):
            continue
        if not words and not _whole(table.numbers[name]):
            continue
        distinct = len(set(_labels(table, name)))
        certain = words and names_run(name) and table.length > 1
        if distinct == table.length and (certain or not counted):
            _refuse_results(table, [name], where)
        if 1 < distinct <= table.length / MIN_ROWS_A_RUN:
            telling.append(name)
    if not telling:
        yield "", None
        return
    keys = list(zip(*(_labels(table, name) for name in telling), strict=True))
    if len(set(keys)) > table.length / MIN_ROWS_A_RUN:
        _refuse_results(table, telling, where)
    for key, rows in _groups(keys):
        labels = [str(k) if n in table.texts else f"{n}={k}" for n, k in zip(telling, key, strict=True)]
        yield ", ".join(dict.fromkeys(labels)), rows


def _refuse_a_list(table: Table, where: str) -> None:
    """Refuses a table whose rows have each a name of their own, and no column that a log would have.

    Raises:
        NoCurveError: It is one.
    """
    if any(metrics.kind(name) in {"loss", "error", "rising"} for name in table.numbers):
        return
    for name, words in table.texts.items():
        if not is_clock(name) and len(set(words)) == table.length >= MIN_ROWS_A_RUN:
            _refuse_results(table, [name], where)


def _whole(column: Column) -> bool:
    return column.filled is None and bool(
        (np.isfinite(column.value) & (column.value == np.floor(column.value))).all()
    )


def _refuse_results(table: Table, telling: list[str], where: str) -> NoReturn:
    named = " and ".join(map(repr, telling))
    raise NoCurveError(
        f"this is a table of results and no curve: one row a run, named by {named}",
        where=where,
        how=f"Columns: {listed(table.names)}.\n"
        "Give the log of one run, with one row a step (--metric and --step then choose its columns);\n"
        f"if the rows are the steps of one run, leave {named} out.",
        found=table.names,
    )


def _tracks(table: Table, rows: Ints | None, metric: str, value: str) -> Iterator[Track]:
    # Tables of ten million rows come here: row numbers are made where something needs them.
    dense = not metric and not table.texts and all(c.filled is None for c in table.numbers.values())
    every = np.arange(0 if dense else table.length) if rows is None else rows
    splits = list(_splits(table, every))
    clock, time = _clock(table)
    blanks = find_blanks(table.numbers, every) if not metric and not splits else {}
    for name, column in table.numbers.items():
        if name == clock:
            continue
        if name == value:
            tagged = table.texts[metric]
            for prefix, part in splits or [("", every)]:
                for key, at in _groups([tagged[i] for i in part.tolist()]):
                    if key:
                        yield track_of(f"{prefix}{key}", column, part[at], time)
        elif splits and metrics.step_rank(name) is None and not metrics.split(name):
            for prefix, part in splits:
                yield track_of(f"{prefix}{name}", column, part, time)
        else:
            track = track_of(name, column, rows, time)
            track.blanks = blanks.get(name)
            yield track


def track_of(name: str, column: Column, rows: Ints | None = None, time: Floats | None = None) -> Track:
    """The filled cells of a column, or those of some of its rows."""
    if column.filled is not None:
        rows = np.flatnonzero(column.filled) if rows is None else rows[column.filled[rows]]
    value = column.value if rows is None else column.value[rows]
    return Track(name, value, rows, None, time if time is None or rows is None else time[rows])


def _splits(table: Table, rows: Ints) -> Iterator[tuple[str, Ints]]:
    """What to put before the names of a split's metrics, and its rows; nothing where no column tells."""
    for name, texts in table.texts.items():
        if names_split(name):
            values = set(texts)
            if 1 < len(values) <= 8 and all(metrics.split(v) for v in values):
                for key, at in _groups([texts[i] for i in rows.tolist()]):
                    yield f"{key}/", rows[at]
                return


def _clock(table: Table) -> tuple[str, Floats | None]:
    """The column that holds the time of day, in seconds since the epoch."""
    for name, column in table.numbers.items():
        if is_clock(name) and column.filled is None:
            typical = float(median(column.value))
            found = seconds(typical)
            if found is not None:
                return name, column.value / (typical / found)
    return "", None
