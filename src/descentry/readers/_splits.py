"""Joins the splits of one run that were written into folders of their own, as Keras and TensorBoard do."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from descentry.core import metrics
from descentry.core.data import Gap, Run, Series


def join_splits(runs: list[Run]) -> list[Run]:
    """Runs in folders called ``train`` and ``validation`` (or the like) side by side become one run."""
    groups: dict[tuple[str, Path], list[Run]] = {}
    for run in runs:
        folder = _folder(run)
        if metrics.split(folder.name):
            groups.setdefault((run.reader, folder.parent), []).append(run)
    joined: dict[int, Run] = {}
    for (_, parent), parts in groups.items():
        splits = [metrics.split(_folder(part).name) for part in parts]
        if len(parts) > 1 and len(set(splits)) == len(parts) and "train" in splits:
            joined[id(parts[0])] = _joined(parent, parts)
            joined |= {id(part): joined[id(parts[0])] for part in parts[1:]}
    out: list[Run] = []
    for run in runs:
        whole = joined.get(id(run), run)
        if whole not in out:
            out.append(whole)
    return out


def _folder(run: Run) -> Path:
    source = Path(run.source)
    return source if source.is_dir() else source.parent


def _joined(parent: Path, parts: list[Run]) -> Run:
    names = [_folder(part).name for part in parts]
    series = tuple(_named(s, name) for part, name in zip(parts, names, strict=True) for s in part.series)
    config = {key: value for part in parts for key, value in part.config.items()}
    gaps = tuple(gap for part in parts for gap in part.gaps)
    note = Gap("parts", f"the run was put together from the folders {', '.join(names)}", len(parts))
    return Run(parent.name, str(parent), series, config, (*gaps, note), parts[0].reader)


def _named(series: Series, folder: str) -> Series:
    name = f"{folder}/{series.name}"
    return dataclasses.replace(series, name=name, split=metrics.split(name))
