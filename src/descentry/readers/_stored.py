"""From run folders to drafts: seams, and what the writer said of itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from descentry.core.data import Gap
from descentry.core.errors import DescentryError
from descentry.readers._draft import Draft, Track
from descentry.readers._layout import clean_name, unique_names

if TYPE_CHECKING:
    from descentry.store._rows import Points
    from descentry.store.reading import Launch, StoredRun


def load(read: Callable[[], StoredRun]) -> StoredRun:
    """What is stored.

    Raises:
        DescentryError: It cannot be read.
    """
    try:
        return read()
    except OSError as error:
        raise DescentryError(f"the run cannot be read: {error.strerror or error}") from None


def draft_of(run: StoredRun, name: str = "", *, state: bool = True) -> Draft:
    """A stored run as a draft; ``state`` notes that it is still being written, or how it died."""
    gaps = list(_gaps(run, state))
    series = dict(run.series)
    for launch in run.launches[1:]:
        series = _resumed(series, launch, gaps)
    names = unique_names(list(series))
    tracks = [Track(n, p.value, p.row, p.step, p.time) for n, p in zip(names, series.values(), strict=True)]
    return Draft(tracks, clean_name(name or run.name), dict(run.config), gaps)


def _resumed(series: Mapping[str, Points], launch: Launch, gaps: list[Gap]) -> dict[str, Points]:
    """The series with what a resume replaces left out: all points from its first step on that are older.

    Where it starts no later than the run itself, it is a new launch, and told apart like those of any log.
    """
    cuts = {name: int(np.searchsorted(p.row, launch.first_row)) for name, p in series.items()}
    after = [int(p.step[cuts[n] :].min()) for n, p in series.items() if cuts[n] < len(p.step)]
    before = [int(p.step[: cuts[n]].min()) for n, p in series.items() if cuts[n]]
    if not after or not before or min(after) <= min(before):
        return dict(series)
    start, kept, replaced, last = min(after), {}, 0, min(after)
    for name, points in series.items():
        stays = points.step < start
        stays[cuts[name] :] = True
        if not stays.all():
            replaced += int((~stays).sum())
            last = max(last, int(points.step[~stays].max()))
            points = replace(
                points,
                row=points.row[stays],
                step=points.step[stays],
                time=points.time[stays],
                value=points.value[stays],
            )
        kept[name] = points
    what = f"the run was resumed at step {start:,} ({_at(launch.started)})"
    if replaced:
        what += f"; {replaced:,} points logged before the resume are replaced by those after it"
    gaps.append(Gap("resume", what, max(replaced, 1), "", start, last))
    return kept


def _gaps(run: StoredRun, state: bool) -> Iterator[Gap]:
    for line in run.journal:
        if line.kind == "gap" and isinstance(line.data, dict):
            yield _gap(line.data)
    if run.damaged:
        yield Gap("corrupt", f"{run.damaged:,} chunks of the run are damaged, and were left out", run.damaged)
    if not state or not run.launches:
        return
    last = run.launches[-1]
    if run.status == "running":
        yield Gap("running", "the run is still being written: this is the story so far")
    elif run.status == "died" and last.ended is not None:
        errors = [line.data for line in run.journal if line.kind == "error" and isinstance(line.data, str)]
        yield Gap("died", f"the run ended with {clean_name(errors[-1]) if errors else 'an error'}")
    elif run.status == "died":
        where = f"process {last.pid} on {clean_name(last.host)}, {_at(last.heartbeat)}"
        yield Gap("died", f"the run was not closed ({where}): its last two seconds may be missing")


def _gap(data: Mapping[str, Any]) -> Gap:
    def whole(key: str, otherwise: int | None) -> int | None:
        return data[key] if type(data.get(key)) is int else otherwise

    return Gap(
        clean_name(str(data.get("kind") or "note")),
        clean_name(str(data.get("what") or "something is missing here")),
        whole("count", 1) or 1,
        clean_name(str(data.get("series") or "")),
        whole("start", None),
        whole("stop", None),
    )


def _at(stamp: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(stamp))
    except (ValueError, OverflowError, OSError):
        return "at an unknown time"
