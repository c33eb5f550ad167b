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
from descentry.readers._draft import Draft, Track

# A launch that goes back to within this part of the range of the first step is a new run, not a resume:
# checkpoints are written later than that (docs/decisions/0003-launches-and-resumes.md).
NEW_LAUNCH = 0.02


def assemble(drafts: list[Draft], *, source: str, stem: str, reader: str, step: str | None = None) -> list[Run]:
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
        launches = _launches(tracks, gaps)
        for number, launch in enumerate(launches, 1):
            name = draft.name or stem
            if len(launches) > 1:
                name = f"{name} (launch {number} of {len(launches)})"
            own = list(gaps)
            series = tuple(_series(t, step_name, own) for t in launch)
            runs.append(Run(name, source, series, dict(draft.config), tuple(own), reader))
    return runs


def _rows(track: Track) -> Ints:
    return track.row if track.row is not None else np.arange(len(track.value))


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
            rows = np.concatenate([_rows(t) for t in said])
            steps = np.concatenate([t.step for t in said if t.step is not None])
            order = np.argsort(rows, kind="stable")
            _carry(stepless, rows[order], steps[order], gaps)
            return given
        every = None if all(t.row is None for t in tracks) else np.unique(np.concatenate([_rows(t) for t in tracks]))
        for track in tracks:
            track.step = _rows(track) if every is None else np.searchsorted(every, _rows(track))
            if track.blanks is not None and every is not None:
                track.blanks = np.searchsorted(every, track.blanks)
        gaps.append(Gap("no-step", "the log does not count steps: points are numbered in their order"))
        return "row"
    tracks.remove(chosen)
    finite = np.isfinite(chosen.value)
    steps = (chosen.value if finite.all() else chosen.value[finite]).astype(np.int64, copy=False)
    if any(t.row is not None for t in [chosen, *tracks]) or not finite.all():
        _carry(tracks, _rows(chosen)[finite], steps, gaps)
    else:
        for track in tracks:
            track.step = steps
    return chosen.name


def _carry(tracks: list[Track], rows: Ints, steps: Ints, gaps: list[Gap]) -> None:
    """Gives tracks the step of their row, or of the last row before it that has one."""
    late = 0
    for track in tracks:
        at = np.searchsorted(rows, _rows(track), side="right") - 1
        late = max(late, int((rows[np.maximum(at, 0)] != _rows(track)).sum()))
        track.step = steps[np.maximum(at, 0)]
        if track.blanks is not None:
            track.blanks = steps[np.maximum(np.searchsorted(rows, track.blanks, side="right") - 1, 0)]
    if late:
        gaps.append(Gap("rows-without-step", f"{late:,} rows do not say their step: they take that of the row before", late))


def _step_track(tracks: list[Track], wanted: str | None, where: str) -> Track | None:
    if wanted is not None:
        for track in tracks:
            if track.name.strip().casefold() == wanted.strip().casefold():
                return track
        raise UnknownNameError(f"there is no {wanted!r} to count steps by", where=where, name=wanted, known=[t.name for t in tracks])
    ranked = sorted(((r, t) for t in tracks if (r := metrics.step_rank(t.name)) is not None), key=lambda pair: pair[0])
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
    if len(finite) < max(1, len(value) // 2) or finite.max() > 2**62 or finite.min() < -(2**62):
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


def _falls(steps: Ints) -> Ints:
    """Where the step goes back for good: single stragglers of parallel writers are left out."""
    # Runs of 10 million points come here: one comparison without a temporary difference.
    back = np.flatnonzero(steps[1:] < steps[:-1]) + 1
    real = []
    for i in back:
        following = steps[i + 1] if i + 1 < len(steps) else None
        if following is None or following < steps[i - 1] or steps[i] == steps[0]:
            real.append(i)
    return np.array(real, dtype=np.int64)


def _launches(tracks: list[Track], gaps: list[Gap]) -> list[list[Track]]:
    """The tracks of each launch; resumes are joined, what they overlap is dropped and noted."""
    if not tracks:
        return [[]]
    reference = max(tracks, key=lambda t: (metrics.kind(t.name) == "loss", len(t.value)))
    if reference.step is None:
        raise ValueError("steps are settled before launches are told apart")
    first, top = int(reference.step.min()), int(reference.step.max())
    near = first + NEW_LAUNCH * (top - first)
    starts = [int(i) for i in _falls(reference.step) if reference.step[i] <= near]
    bounds = [int(_rows(reference)[i]) for i in starts]
    launches = []
    for low, high in zip([None, *bounds], [*bounds, None], strict=True):
        cut = [_cut(t, low, high, len(starts)) for t in tracks] if bounds else tracks
        launches.append([_join(t, gaps) for t in cut if len(t.value)])
    if len(launches) > 1:
        gaps.append(Gap("launches", f"the log holds {len(launches)} launches one after another; each is a run of its own", len(launches)))
    return launches


def _cut(track: Track, low: int | None, high: int | None, count: int) -> Track:
    """The part of a track between two rows, or between its own restarts when it has as many of them."""
    if track.step is None:
        raise ValueError("steps are settled before launches are told apart")
    rows = _rows(track)
    start = 0 if low is None else int(np.searchsorted(rows, low))
    stop = len(rows) if high is None else int(np.searchsorted(rows, high))
    own = [int(i) for i in _falls(track.step) if track.step[i] <= track.step[0]]
    if len(own) == count:
        # An evaluation before the first training row belongs to the launch that follows it.
        start = min(own, key=lambda i: abs(i - start)) if low is not None else 0
        stop = min(own, key=lambda i: abs(i - stop)) if high is not None else len(rows)
    part = slice(start, stop)
    return Track(
        track.name,
        track.value[part],
        rows[part],
        track.step[part],
        None if track.time is None else track.time[part],
        track.blanks if high is None else None,
    )


def _join(track: Track, gaps: list[Gap]) -> Track:
    """A track whose steps never fall: a resume replaces what it repeats."""
    if track.step is None:
        raise ValueError("steps are settled before resumes are joined")
    if not (track.step[1:] < track.step[:-1]).any():
        return track
    keep = np.ones(len(track.step), dtype=bool)
    for i in _falls(track.step):
        overlap = keep[:i] & (track.step[:i] >= track.step[i])
        keep[:i] &= ~overlap
        gaps.append(
            Gap(
                "resume",
                f"{track.name}: the run was resumed at step {track.step[i]:,}; "
                f"{int(overlap.sum()):,} points logged before the resume are replaced by those after it",
                int(overlap.sum()),
                track.name,
                int(track.step[i]),
                int(track.step[:i].max()),
            )
        )
    order = np.flatnonzero(keep)[np.argsort(track.step[keep], kind="stable")]
    return Track(track.name, track.value[order], _rows(track)[order], track.step[order], None if track.time is None else track.time[order], track.blanks)


def _series(track: Track, step_name: str, gaps: list[Gap]) -> Series:
    if track.step is None:
        raise ValueError("steps are settled before series are made")
    step, value, time = track.step, track.value, track.time
    same = np.flatnonzero(step[1:] == step[:-1]) + 1
    if len(same):
        repeated = same[(value[same] == value[same - 1]) & (step[same] == step[same - 1])]
        if len(repeated):
            if metrics.kind(track.name) != "bookkeeping":
                gaps.append(Gap("duplicate-steps", f"{track.name}: {len(repeated):,} points were logged twice and are read once", len(repeated), track.name))
            keep = np.ones(len(step), dtype=bool)
            keep[repeated] = False
            step, value, time = step[keep], value[keep], None if time is None else time[keep]
    if track.blanks is not None and len(track.blanks):
        low, high = int(track.blanks.min()), int(track.blanks.max())
        gaps.append(
            Gap(
                "empty-cells",
                f"{track.name} is left empty on {len(track.blanks):,} rows (steps {low:,}–{high:,}) while the run goes on: "
                "most likely NaN, which tables drop",
                len(track.blanks),
                track.name,
                low,
                high,
            )
        )
    return Series(track.name, metrics.split(track.name), step, value, time, step_name)


def stem_of(path: Path | None) -> str:
    """What to call a run by its path, where the file's own name says nothing."""
    if path is None:
        return "stdin"
    plain = path.stem.casefold()
    return path.parent.name or path.stem if plain in {"metrics", "results", "log", "trainer_state", "history", "loss", "measurements"} else path.stem
