"""Puts the parts of one run together, for formats that start a new file at every resume."""

from __future__ import annotations

import numpy as np

from descentry.readers._draft import Draft, Track


def concatenate(drafts: list[Draft]) -> Draft:
    """One draft of all parts in their order; rows go on counting from part to part."""
    parts: dict[str, list[Track]] = {}
    offset = 0
    for draft in drafts:
        last = offset
        for track in draft.tracks:
            rows = track.rows + offset
            last = max(last, int(rows[-1]) + 1 if len(rows) else last)
            parts.setdefault(track.name, []).append(
                Track(track.name, track.value, rows, track.step, track.time, track.blanks)
            )
        offset = last
    tracks = [_chain(name, pieces) for name, pieces in parts.items()]
    config = {key: value for draft in drafts for key, value in draft.config.items()}
    gaps = [gap for draft in drafts for gap in draft.gaps]
    return Draft(tracks, drafts[0].name, config, gaps, drafts[0].step_name)


def _chain(name: str, pieces: list[Track]) -> Track:
    steps = [p.step for p in pieces if p.step is not None]
    times = [p.time for p in pieces if p.time is not None]
    return Track(
        name,
        np.concatenate([p.value for p in pieces]),
        np.concatenate([p.row for p in pieces if p.row is not None]),
        np.concatenate(steps) if len(steps) == len(pieces) else None,
        np.concatenate(times) if len(times) == len(pieces) else None,
        pieces[-1].blanks,
    )
