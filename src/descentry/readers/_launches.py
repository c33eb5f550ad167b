"""Launches and resumes: where the steps of a log go back, and what that means.

A log that was appended to may hold several runs one after another, and a run that was resumed from a
checkpoint logs some steps twice. The rule that tells them apart is decision 3.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from descentry.core import metrics
from descentry.core.data import Gap, Ints
from descentry.core.ranks import median
from descentry.readers._draft import Track

# A launch that goes back to within this part of the range of the first step is a new run, not a resume:
# checkpoints are written later than that (docs/decisions/0003-launches-and-resumes.md).
NEW_LAUNCH = 0.02
# So many restarts may be the epochs of one run; fewer are always launches.
EPOCHS = 3


def _falls(steps: Ints) -> Ints:
    """Where the step goes back for good: single stragglers of parallel writers are left out."""
    # Runs of 10 million points come here: one comparison without a temporary difference.
    back = np.flatnonzero(steps[1:] < steps[:-1]) + 1
    real = []
    for i in back:
        # A late point at the very end may be a straggler too: nothing is dropped on its word alone.
        back_for_good = i + 1 < len(steps) and steps[i + 1] < steps[i - 1]
        if back_for_good or steps[i] == steps[0]:
            real.append(i)
    return np.array(real, dtype=np.int64)


def launches(tracks: list[Track], gaps: list[Gap]) -> list[list[Track]]:
    """The tracks of each launch; resumes are joined, what they overlap is dropped and noted."""
    if not tracks:
        return [[]]
    reference = max(tracks, key=lambda t: (metrics.kind(t.name) == "loss", len(t.value)))
    steps = reference.settled
    near = int(steps.min()) + NEW_LAUNCH * (int(steps.max()) - int(steps.min()))
    starts = [int(i) for i in _falls(steps) if steps[i] <= near]
    if _goes_on(reference, starts):
        what = (
            f"the step counter starts over {len(starts):,} times while the run goes on: it is counted through"
        )
        gaps.append(Gap("counter", what, len(starts)))
        return [[_counted_through(t) for t in tracks]]
    bounds = [int(reference.rows[i]) for i in starts]
    found = []
    for low, high in zip([None, *bounds], [*bounds, None], strict=True):
        cut = [_cut(t, low, high, len(starts)) for t in tracks] if bounds else tracks
        main = cut[tracks.index(reference)]
        resumes = [(int(main.rows[i]), int(main.settled[i])) for i in _falls(main.settled)]
        found.append([_join(t, resumes, gaps) for t in cut if len(t.value)])
    if len(found) > 1:
        what = f"the log holds {len(found)} launches one after another; each is a run of its own"
        gaps.append(Gap("launches", what, len(found)))
    return found


def _goes_on(track: Track, starts: list[int]) -> bool:
    """Whether the counter starts over within one run (a batch counter, every epoch), as the loss tells.

    A new launch begins where the first began; a new epoch begins where the last one ended.
    """
    if len(starts) < EPOCHS:
        return False
    value, edges = track.value, [0, *starts, len(track.value)]
    pieces = [value[a:b] for a, b in pairwise(edges)]
    begin = np.array([median(p[: max(1, len(p) // 10)]) for p in pieces])
    end = np.array([median(p[-max(1, len(p) // 10) :]) for p in pieces])
    to_last, to_first = np.abs(begin[1:] - end[:-1]), np.abs(begin[1:] - begin[0])
    return bool(np.mean(to_last[1:] < to_first[1:]) > 0.8)


def _counted_through(track: Track) -> Track:
    """The track with each piece of its counter put behind the one before it."""
    steps = track.settled
    edges = [0, *_falls(steps).tolist(), len(steps)]
    counted = steps.copy()
    offset = 0
    for a, b in pairwise(edges):
        counted[a:b] += offset
        offset = int(counted[b - 1]) + 1 if b > a else offset
    return Track(track.name, track.value, track.row, np.maximum.accumulate(counted), track.time)


def _cut(track: Track, low: int | None, high: int | None, count: int) -> Track:
    """The part of a track between two rows, or between its own restarts when it has as many of them."""
    rows = track.rows
    start = 0 if low is None else int(np.searchsorted(rows, low))
    stop = len(rows) if high is None else int(np.searchsorted(rows, high))
    steps = track.settled
    own = [int(i) for i in _falls(steps) if steps[i] <= steps[0]]
    if len(own) == count:
        # An evaluation before the first training row belongs to the launch that follows it.
        start = min(own, key=lambda i: abs(i - start)) if low is not None else 0
        stop = min(own, key=lambda i: abs(i - stop)) if high is not None else len(rows)
    part = slice(start, stop)
    return Track(
        track.name,
        track.value[part],
        rows[part],
        steps[part],
        None if track.time is None else track.time[part],
        track.blanks if high is None else None,
    )


def _join(track: Track, resumes: list[tuple[int, int]], gaps: list[Gap]) -> Track:
    """A track whose steps never fall: a resume replaces what it repeats.

    ``resumes`` are the rows and steps at which the main track was resumed.
    """
    steps = track.settled
    rising = not (steps[1:] < steps[:-1]).any()
    falls = [(int(i), int(steps[i]), int(steps[i])) for i in _falls(steps)]
    if not falls:
        # Logged so seldom that its steps need not fall. What it has on the very step of the resume, it may
        # have logged after going back, before the main track did.
        rows = track.rows
        falls = [(int(np.searchsorted(rows, row)), step, step + 1) for row, step in resumes]
        falls = [(i, step, first) for i, step, first in falls if (steps[:i] >= first).any()]
    if rising and not falls:
        return track
    keep = np.ones(len(steps), dtype=bool)
    for i, step, first in falls:
        overlap = keep[:i] & (steps[:i] >= first)
        keep[:i] &= ~overlap
        count = int(overlap.sum())
        what = (
            f"{track.name}: the run was resumed at step {step:,}; "
            f"{count:,} points logged before the resume are replaced by those after it"
        )
        gaps.append(Gap("resume", what, count, track.name, step, int(steps[:i].max())))
    order = np.flatnonzero(keep)[np.argsort(steps[keep], kind="stable")]
    time = None if track.time is None else track.time[order]
    return Track(track.name, track.value[order], track.rows[order], steps[order], time, track.blanks)


def read_once(track: Track, gaps: list[Gap]) -> Track:
    """The track without points that were logged twice: the same value on the same step, in a row."""
    step, value, time = track.settled, track.value, track.time
    if not (step[1:] == step[:-1]).any():
        return track
    alike = (value[1:] == value[:-1]) | (np.isnan(value[1:]) & np.isnan(value[:-1]))
    same = np.flatnonzero((step[1:] == step[:-1]) & alike) + 1
    if not len(same):
        return track
    points = (
        "1 point was logged twice and is"
        if len(same) == 1
        else f"{len(same):,} points were logged twice and are"
    )
    what = f"{track.name}: {points} read once"
    gaps.append(Gap("duplicate-steps", what, len(same), track.name))
    return Track(
        track.name,
        np.delete(value, same),
        np.delete(track.rows, same),
        np.delete(step, same),
        None if time is None else np.delete(time, same),
        track.blanks,
    )
