"""MLflow's file store: an `mlruns` folder, one of its experiments, or one run.

## What it is

What MLflow leaves beside a script when no tracking server is set (older versions, and any `file:` URI): a
folder for each experiment, in it one for each run, and in that files of metrics, parameters and tags.

## How it is recognised

By `meta.yaml` files that name a run or an experiment, or by a folder `metrics` of metric files.

## What is read

Each run that is not deleted, with all its metrics; a metric in a subfolder is named by its path
(`train/loss`). The parameters are the settings of the run. NaN and infinities stay what they are. A metric
that was logged without a step, which MLflow stores as step 0, is placed by its times.

## Limits

Artifacts, traces and metrics of logged models are passed over. Of the YAML only flat `key: value` lines are
read.

## Example

    descentry explain mlruns
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from descentry.core.data import Gap
from descentry.core.errors import NoCurveError
from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._mlflow import (
    Points,
    distinct,
    draft_of,
    is_metric_line,
    metric_lines,
    parse_metric_file,
)
from descentry.readers._source import Source

_SMALL = 1 << 16
_MAX_PARAMS = 10_000
_LOOKED_AT = 64  # folders that are looked at to recognise a tree


def sniff(source: Source) -> float:
    """1 for a run, an experiment with runs, or a tree of these."""
    if source.path is None:
        return 0.0
    try:
        if _is_run(source.path):
            return 1.0
        inside = list(itertools.islice(_folders(source.path), _LOOKED_AT))
        if any(map(_is_run, inside)) and (source.path / "meta.yaml").is_file():
            return 1.0
        return 1.0 if any("experiment_id" in _meta(f) and not _is_run(f) for f in inside) else 0.0
    except OSError:
        return 0.0


def read(source: Source) -> list[Draft]:
    """Every run below the folder.

    Raises:
        NoCurveError: No run has metrics.
    """
    root = source.path
    if root is None:
        raise NoCurveError("a folder cannot come through a pipe", where=source.name)
    runs = (
        [root]
        if _is_run(root)
        else sorted(_runs(root), key=lambda r: (_whole(_meta(r).get("start_time")), r))
    )
    filled: list[tuple[Path, dict[str, Points], list[Gap]]] = []
    for run in runs:
        gaps: list[Gap] = []
        metrics = _metrics(run, Path(source.name) / run.relative_to(root), gaps)
        if any(map(len, metrics.values())):
            filled.append((run, metrics, gaps))
    if not filled:
        raise NoCurveError(
            "no run in this MLflow folder has logged a metric",
            where=source.name,
            how=f"Runs found: {len(runs)}.",
            found=[_run_name(run) for run in runs],
        )
    names = distinct([(_run_name(run), run.name) for run, _, _ in filled])
    return [
        draft_of(metrics, name, _params(run), gaps, source.name)
        for name, (run, metrics, gaps) in zip(names, filled, strict=True)
    ]


def _meta(folder: Path) -> dict[str, str]:
    """The flat entries of a folder's ``meta.yaml``; none where it has none."""
    entries = {}
    for line in _text(folder / "meta.yaml").splitlines():
        key, colon, value = line.partition(":")
        if colon and key.strip() == key:
            value = value.strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1].replace("''", "'")
            entries[key] = value
    return entries


def _whole(text: str | None) -> int:
    """A whole number, or 0."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0


def _text(path: Path) -> str:
    """A small text file; empty where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(_SMALL).decode("utf-8", errors="replace")
    except OSError:
        return ""


def _folders(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir() and not entry.name.startswith("."):
                yield Path(entry.path)


def _is_run(folder: Path) -> bool:
    """Whether a folder is a run: by its meta file, or where that is lost, by its metrics."""
    if not (folder / "metrics").is_dir():
        return False
    about = _meta(folder)
    if about:
        return "run_id" in about or "run_uuid" in about
    first = next(_files(folder / "metrics"), None)
    lines = _text(first).splitlines() if first is not None else []
    return bool(lines) and is_metric_line(lines[0])


def _runs(root: Path) -> Iterator[Path]:
    """The runs of an experiment, or of all experiments; deleted ones are left where they are."""
    for folder in _folders(root):
        for run in [folder] if _is_run(folder) else filter(_is_run, _folders(folder)):
            if _meta(run).get("lifecycle_stage") != "deleted":
                yield run


def _files(folder: Path) -> Iterator[Path]:
    for current, subfolders, files in os.walk(folder):
        subfolders.sort()
        paths = (Path(current) / file for file in sorted(files) if not file.startswith("."))
        yield from (path for path in paths if path.is_file())


def _metrics(run: Path, where: Path, gaps: list[Gap]) -> dict[str, Points]:
    metrics = {}
    for path in _files(run / "metrics"):
        name = path.relative_to(run / "metrics").as_posix()
        source = Source(path, name=str(where / "metrics" / name))
        try:
            metrics[name] = parse_metric_file(source.read_bytes(), name, gaps)
        except OSError as error:
            gaps.append(Gap("unreadable-file", f"{source.name}: {error.strerror or error}", series=name))
    return metrics


def _params(run: Path) -> dict[str, str]:
    files = itertools.islice(_files(run / "params"), _MAX_PARAMS)
    return {path.relative_to(run / "params").as_posix(): _text(path).strip() for path in files}


def _run_name(run: Path) -> str:
    return _text(run / "tags" / "mlflow.runName").strip() or _meta(run).get("run_name") or run.name


def write_sample(folder: Path, rows: Rows) -> Path:
    """A tree of one experiment with one run."""
    run = folder / "mlruns" / "0" / "a1b2c3d4e5f6"
    for inside in ("metrics/train", "params", "tags"):
        (run / inside).mkdir(parents=True)
    (run.parent / "meta.yaml").write_text("experiment_id: '0'\nlifecycle_stage: active\nname: Default\n")
    (run / "meta.yaml").write_text(
        f"experiment_id: '0'\nrun_id: {run.name}\nrun_name: sample\nstart_time: 1700000000000\n"
    )
    (run / "metrics" / "train" / "loss").write_text(metric_lines(rows))
    (run / "params" / "batch_size").write_text("32")
    return folder / "mlruns"


READER = Reader(
    id="mlflow-files",
    title="MLflow file store",
    sniff=sniff,
    read=read,
    write_sample=write_sample,
    folder=True,
)
