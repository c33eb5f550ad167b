"""What the readers of JSON share: numbers in nested records, and records that say their split or run."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from descentry.core import metrics
from descentry.core.data import Gap
from descentry.core.errors import DescentryError, NoCurveError, listed
from descentry.readers._columns import MIN_ROWS_A_RUN
from descentry.readers._draft import Collector, Draft, to_float
from descentry.readers._layout import LONGEST_NAME, clean_name
from descentry.readers._source import Source, parse_json
from descentry.readers._vocabulary import is_clock, names_metric, names_run, names_split, names_value, seconds

SAMPLE = 20  # lines that decide whether a text is JSON Lines
DEPTH = 4  # nested deeper than this are settings, not metrics
_SETTINGS = frozenset({"config", "hparams", "hyperparameters", "args", "arguments", "params"})
_LONGEST_NUMBER = 40  # characters


def number(value: object) -> float | None:
    """A JSON value as a metric: numbers, and strings that spell one (``"NaN"``); never a boolean.

    >>> number(1), number("Infinity"), number(True), number("red")
    (1.0, inf, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        return to_float(value)
    return None


def flatten(record: Mapping[str, Any], prefix: str = "", depth: int = DEPTH) -> Iterator[tuple[str, float]]:
    """The numbers in a record; those of nested records are named ``outer/inner``."""
    for key, value in record.items():
        found = number(value)
        if found is not None:
            yield clean_name(f"{prefix}{key}"), found
        elif (
            isinstance(value, dict) and depth > 1 and "_type" not in value
        ):  # W&B marks histograms and images so
            yield from flatten(value, f"{prefix}{key}/", depth - 1)


def collect(records: Iterable[tuple[int, Mapping[str, Any]]], where: str, gaps: list[Gap]) -> list[Draft]:
    """The runs in records, given with their rows.

    Raises:
        NoCurveError: No record holds a number, or every record is a run of its own.
    """
    logs: dict[str, Collector] = {}
    config: dict[str, Any] = {}
    opening: tuple[int, Mapping[str, Any]] | None = None
    count = 0
    for row, record in records:
        count += 1
        if count == 1 and not _has_step(record):
            opening = row, record  # settings, if the records that follow count steps and this one does not
            continue
        if opening is not None:
            if _has_step(record):
                config.update(settings(opening[1]))
            else:
                _add(logs, config, *opening)
            opening = None
        _add(logs, config, row, record)
    if opening is not None:
        _add(logs, config, *opening)
    if not any(len(log) for log in logs.values()):
        raise NoCurveError(
            "no record holds the number of a metric",
            where=where,
            how=f"It has: {listed(config) or 'nothing'}.",
        )
    if len(logs) > 1 and count < MIN_ROWS_A_RUN * len(logs):
        raise NoCurveError(
            f"these are results and no curve: {len(logs)} runs in {count} records",
            where=where,
            how="Give the log of one run, with one record a step.",
            found=list(logs),
        )
    found = []
    for name, log in logs.items():
        log.config = dict(config)
        log.gaps = list(gaps)
        found.append(log.draft(name if len(logs) > 1 else ""))
    return found


def settings(record: Mapping[str, Any]) -> dict[str, Any]:
    """The plain values in a record; texts of pages (an environment, a source file) are left out."""
    plain = {clean_name(k): v for k, v in record.items() if isinstance(v, (bool, int, float, str))}
    return {
        k: clean_name(v) if isinstance(v, str) else v
        for k, v in plain.items()
        if not isinstance(v, str) or len(v) < LONGEST_NAME
    }


def _has_step(record: Mapping[str, Any]) -> bool:
    return any(metrics.step_rank(key) is not None for key in record)


def _add(logs: dict[str, Collector], config: dict[str, Any], row: int, record: Mapping[str, Any]) -> None:
    """Adds the numbers of one record to the log of its run, under the names that its words give them."""
    run, split, tag, time = [], "", "", None
    values: dict[str, float] = {}
    for key, value in record.items():
        if isinstance(value, str) and number(value) is None:
            if names_split(key) and metrics.split(value):
                split = f"{clean_name(value)}/"
            elif names_metric(key):
                tag = clean_name(value)
            elif names_run(key):
                run.append(clean_name(value))
        elif names_run(key) and isinstance(value, (int, str)) and not isinstance(value, bool):
            run.append(f"{key}={value}")
        elif key in _SETTINGS and isinstance(value, dict):
            config.update(settings(value))
        elif is_clock(key) and (stamp := number(value)) is not None and seconds(stamp) is not None:
            time = seconds(stamp)
        else:
            values.update(flatten({key: value}))
    if tag:
        values = {tag if names_value(name) else name: value for name, value in values.items()}
    if split:
        values = {
            name if metrics.step_rank(name) is not None or metrics.split(name) else f"{split}{name}": value
            for name, value in values.items()
        }
    logs.setdefault(", ".join(run), Collector()).add(row, values, time=time)


def head_records(source: Source) -> list[dict[str, Any]]:
    """The JSON objects on the first lines; none where the first line is no such object. Never raises."""
    if not source.is_text or not source.text.lstrip().startswith("{"):
        return []
    # The first line may hold a whole environment.
    lines = source.head_lines or source.opening_lines[:-1]
    records = []
    for line in [text for text in lines if text.strip()][:SAMPLE]:
        try:
            record = parse_json(line, source.name)
        except (ValueError, DescentryError):
            record = None
        if isinstance(record, dict):
            records.append(record)
        elif not records:
            return []
    return records


def json_lines(source: Source, gaps: list[Gap]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every line that is a JSON object, with its number; what is not is counted in ``gaps``.

    Raises:
        TooLargeError: A line is too long, or nested too deeply.
    """
    broken, last_broken = 0, False
    for row, line in enumerate(source.lines()):
        text = line.strip().rstrip(",")
        if not text or text in {"[", "]"}:
            continue
        last_broken = False
        try:
            record = parse_json(text, source.name)
        except ValueError:
            record = None
        if isinstance(record, dict):
            yield row, record
        else:
            broken += 1
            last_broken = True
    if last_broken and not source.ends_whole:
        broken -= 1
        gaps.append(Gap("truncated", "the last line is cut short and is left out"))
    if broken:
        gaps.append(
            Gap("unreadable-lines", f"lines passed over because they are no JSON object: {broken:,}", broken)
        )


# What is left of a number or a word when the end of the file cuts through it
_CUT = re.compile(r"[-+.\deE]{0,30}|-?I[a-z]*|Na?N?|n[ul]*|t[rue]*|f[alse]*")


def document(source: Source) -> Any:
    """The source as one JSON document.

    Raises:
        DescentryError: It is cut short, or it is not JSON.
        TooLargeError: It is too long, or nested too deeply.
    """
    try:
        return source.json()
    except json.JSONDecodeError as error:
        place = f"line {error.lineno:,}, column {error.colno:,}"
        rest = error.doc[error.pos :].strip()
        if error.msg.startswith("Unterminated") or _CUT.fullmatch(rest):
            raise DescentryError(
                f"the JSON is cut short at {place}",
                where=source.name,
                how="Was it stopped while being written? Give an earlier copy; nothing is guessed.",
            ) from None
        raise DescentryError(f"this is not JSON: {error.msg} at {place}", where=source.name) from None
    except ValueError as error:  # a whole number of more digits than Python takes
        raise DescentryError(
            f"the JSON holds a number that cannot be read: {error}", where=source.name
        ) from None
