"""One metric of an MLflow run: a file of lines `time value step`.

## What it is

What MLflow's file store keeps of each metric, in `mlruns/EXPERIMENT/RUN/metrics/NAME`: a line for each call
of `log_metric`.

## How it is recognised

Nearly every line begins with a time in milliseconds (13 digits), a number, and a whole number or nothing.

## What is read

The value, step and time of every line. NaN and infinities stay what they are. Where all steps are 0, which
is what MLflow writes when none is given, the points are numbered by their time.

## Limits

The settings of the run are not in this file: give the run's folder to have them. A last line without an end
is left out, since its step may be cut short.

## Example

    descentry explain mlruns/0/a1b2c3/metrics/train/loss
"""

from __future__ import annotations

from pathlib import Path

from descentry.core.data import Gap
from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._mlflow import draft_of, is_metric_line, metric_lines, parse_metric_file
from descentry.readers._source import Source


def sniff(source: Source) -> float:
    """High where nearly every line is one of a metric file."""
    if not source.is_text:
        return 0.0
    lines = [line for line in source.head_lines[:100] if line.strip()]
    # The last one may be cut short, and others damaged.
    whole = lines[:-1] or lines
    return 0.95 if lines and sum(map(is_metric_line, whole)) >= 0.9 * len(whole) else 0.0


def read(source: Source) -> list[Draft]:
    """The metric in the file.

    Raises:
        TooLargeError: The file is larger than any metric.
    """
    gaps: list[Gap] = []
    name = _metric_name(source.path)
    points = parse_metric_file(source.read_bytes(), name, gaps)
    return [draft_of({name: points}, "", {}, gaps, source.name)]


def _metric_name(path: Path | None) -> str:
    """The metric's name: its path below the run's folder ``metrics``, or the file's name."""
    if path is None:
        return "metric"
    for folder in path.absolute().parents:
        if folder.name == "metrics" and (folder.parent / "meta.yaml").is_file():
            return path.absolute().relative_to(folder).as_posix()
    return path.name


def write_sample(folder: Path, rows: Rows) -> Path:
    """One metric, a point a second."""
    path = folder / "loss"
    path.write_text(metric_lines(rows), encoding="utf-8")
    return path


READER = Reader(
    id="mlflow-metric",
    title="MLflow metric file",
    sniff=sniff,
    read=read,
    write_sample=write_sample,
)
