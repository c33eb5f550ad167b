"""From drafts to runs: settles the steps, tells launches apart, joins resumes, drops repeated points.

Real logs append one launch after another, repeat steps after a resume, and count steps in columns of any
name. All of that is decided here, once, for every format, and what was decided is noted in ``Run.gaps``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from descentry.core import metrics
from descentry.core.data import Gap, Ints, Run, Series
from descentry.core.errors import UnknownNameError
from descentry.core.ranks import distinct
from descentry.readers._draft import Draft, Track
from descentry.readers._launches import launches, read_once


def assemble(
    drafts: list[Draft], *, source: str, stem: str, reader: str, step: str | None = None
) -> list[Run]:
    """The runs in the drafts.

    Args:
        drafts: From one reader.
        source: The path as the user wrote it.
        stem: Names runs that the format does not name.
        reader: Id of the reader.
        step: Name of the metric that counts steps, when the user says so.

    Raises:
        UnknownNameError: No track is called ``step``.
    """
    runs = []
    for draft in drafts:
        gaps = list(draft.gaps)
        tracks = [t for t in draft.tracks if len(t.value)]
        step_name = _settle_steps(tracks, step, gaps, source, draft.step_name)
        plain = _plain(tracks)
        found = [tracks] if plain else launches(tracks, gaps)
        for number, launch in enumerate(found, 1):
            name = draft.name or stem
            if len(found) > 1:
                name = f"{name} (launch {number} of {len(found)})"
            own = list(gaps)
            series = tuple(_series(t if plain else read_once(t, own), step_name, own) for t in launch)
            runs.append(Run(name, source, series, dict(draft.config), tuple(own), reader))
    return runs


def _settle_steps(tracks: list[Track], wanted: str | None, gaps: list[Gap], where: str, given: str) -> str:
    """Gives every track its steps, in place, and returns what they count."""
    if wanted is None and all(t.step is not None for t in tracks):
        return given
    chosen = _step_track(tracks, wanted, where)
    if chosen is None:
        stepless = [t for t in tracks if t.step is None]
        if len(stepless) < len(tracks):
            # Some lines say their step and some do not: the last step said before them holds.
            said = [t for t in tracks if t.step is not None]
            rows = np.concatenate([t.rows for t in said])
            steps = np.concatenate([t.step for t in said if t.step is not None])
            order = np.argsort(rows, kind="stable")
            _carry(stepless, rows[order], steps[order], gaps)
            return given
        every = (
            None if all(t.row is None for t in tracks) else distinct(np.concatenate([t.rows for t in tracks]))
        )
        for track in tracks:
            track.step = track.rows if every is None else np.searchsorted(every, track.rows)
            if track.blanks is not None and every is not None:
                track.blanks = np.searchsorted(every, track.blanks)
        gaps.append(Gap("no-step", "the log does not count steps: points are numbered in their order"))
        return "row"
    tracks.remove(chosen)
    finite = np.isfinite(chosen.value)
    steps = (chosen.value if finite.all() else chosen.value[finite]).astype(np.int64, copy=False)
    if any(t.row is not None for t in [chosen, *tracks]) or not finite.all():
        _carry(tracks, chosen.rows[finite], steps, gaps)
    else:
        for track in tracks:
            track.step = steps
    return chosen.name


def _carry(tracks: list[Track], rows: Ints, steps: Ints, gaps: list[Gap]) -> None:
    """Gives tracks the step of their row, or of the last row before it that has one."""
    late = 0
    for track in tracks:
        at = np.searchsorted(rows, track.rows, side="right") - 1
        late = max(late, int((rows[np.maximum(at, 0)] != track.rows).sum()))
        track.step = steps[np.maximum(at, 0)]
        if track.blanks is not None:
            track.blanks = steps[np.maximum(np.searchsorted(rows, track.blanks, side="right") - 1, 0)]
    if late:
        gaps.append(
            Gap(
                "rows-without-step",
                f"{late:,} rows do not say their step: they take that of the row before",
                late,
            )
        )


def _step_track(tracks: list[Track], wanted: str | None, where: str) -> Track | None:
    if wanted is not None:
        for track in tracks:
            if track.name.strip().casefold() == wanted.strip().casefold():
                return track
        raise UnknownNameError(
            f"there is no {wanted!r} to count steps by",
            where=where,
            name=wanted,
            known=[t.name for t in tracks],
        )
    ranked = sorted(
        ((r, t) for t in tracks if (r := metrics.step_rank(t.name)) is not None), key=lambda pair: pair[0]
    )
    for rank, track in ranked:
        if not _counts(track.value):
            continue
        others = [t for r, t in ranked if r > rank and _counts(t.value)]
        if any(_restarts_within(track, outer) for outer in others):
            continue  # a batch counter inside the epoch: not the step of the run
        return track
    return None


def _counts(value: np.ndarray) -> bool:
    """Whether values could be a count: whole numbers that mostly do not fall."""
    known = np.isfinite(value)
    finite = value if known.all() else value[known]
    if 2 * len(finite) < max(2, len(value)) or finite.max() > 2**62 or finite.min() < -(2**62):
        return False
    if finite.dtype.kind == "f" and (finite != np.floor(finite)).any():
        return False
    return len(finite) < 3 or bool(finite.min() < finite.max())


def _restarts_within(inner: Track, outer: Track) -> bool:
    """Whether ``inner`` starts over whenever ``outer`` (the epoch) moves on."""
    falls = np.diff(inner.value) < 0
    if falls.sum() < 2 or len(inner.value) != len(outer.value):
        return False
    return bool((np.diff(outer.value)[falls] > 0).mean() > 0.8)


def _plain(tracks: list[Track]) -> bool:
    """Whether all steps only ever rise, as in most logs: one look instead of several at ten million rows."""
    different = {id(track.settled): track.settled for track in tracks}
    return all(bool((step[1:] > step[:-1]).all()) for step in different.values())


def _series(track: Track, step_name: str, gaps: list[Gap]) -> Series:
    if track.blanks is not None and len(track.blanks):
        low, high, count = int(track.blanks.min()), int(track.blanks.max()), len(track.blanks)
        what = (
            f"{track.name} is left empty on {count:,} rows (steps {low:,}–{high:,}) while the run goes on: "
            "most likely NaN, which tables drop"
        )
        gaps.append(Gap("empty-cells", what, count, track.name, low, high))
    split = metrics.split(track.name)
    return Series(track.name, split, track.settled, track.value, track.time, step_name)


def stem_of(path: Path | None) -> str:
    """What to call a run by its path, where the file's own name says nothing."""
    if path is None:
        return "stdin"
    plain = path.stem.casefold()
    return (
        path.parent.name or path.stem
        if plain in {"metrics", "results", "log", "trainer_state", "history", "loss", "measurements"}
        else path.stem
    )
