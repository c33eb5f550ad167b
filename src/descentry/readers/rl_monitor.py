"""The monitor files of reinforcement learning: one row an episode, with its reward and its length.

## What it is

`Monitor` of Stable-Baselines3 (and of OpenAI Baselines and gym before it) writes `monitor.csv`: a comment
line of JSON with the environment and the time at the start, then for each episode its reward `r`, its
length `l` and the seconds `t` since the start.

## How it is recognised

The columns begin with `r,l,t`, after a first line that begins with `#{`.

## What is read

The reward `r`, which should rise, and the length `l`, by the environment steps taken so far: the sum of all
lengths. The environment's name is kept with the run.

## Limits

Environment steps are not optimizer updates. The rewards of single episodes are noisy, and what was learnt
shows only in their mean. Several environments write one file each: each is read as a run.

## Example

```
#{"t_start": 1614621287.2260802, "env_id": "HalfCheetahBulletEnv-v0"}
r,l,t
-1050.168172,1000,14.260152
-1137.053993,1000,15.505749
```
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from descentry.core.errors import NoCurveError
from descentry.readers._cells import Column
from descentry.readers._columns import track_of
from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._layout import header
from descentry.readers._records import number, settings
from descentry.readers._source import Source, parse_json
from descentry.readers._table import read_table

_LONGEST = 2.0**31  # steps; no episode is longer


def _sniff(source: Source) -> float:
    if header(source)[:3] != ("r", "l", "t"):
        return 0.0
    return 0.95 if source.text.startswith("#{") else 0.6


def _read(source: Source) -> list[Draft]:
    table = read_table(source)
    config = _opening(source)
    reward, length = table.numbers.get("r"), table.numbers.get("l")
    if reward is None or length is None:
        raise NoCurveError(
            "no episode is in it",
            where=source.name,
            how="Has the first episode ended yet?",
            found=table.names,
        )
    taken = np.cumsum(np.where(np.abs(length.value) < _LONGEST, length.value, 0.0)).astype(np.int64)
    start = number(config.get("t_start"))
    since = table.numbers.get("t", Column(np.full(table.length, np.nan)))
    time = None if start is None or not np.isfinite(since.value).all() else start + since.value
    tracks = []
    for name, column in table.numbers.items():
        if name != "t":
            track = track_of(name, column, None, time)
            track.step = taken if track.row is None else taken[track.row]
            tracks.append(track)
    return [Draft(tracks, config=config, gaps=table.gaps, step_name="environment step")]


def _opening(source: Source) -> dict[str, Any]:
    line = source.head_lines[0] if source.head_lines else ""
    try:
        found = parse_json(line.removeprefix("#"), source.name) if line.startswith("#{") else {}
    except ValueError:
        found = {}
    return settings(found) if isinstance(found, dict) else {}


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "0.monitor.csv"
    lines, before = [], 0
    for i, (step, value) in enumerate(rows):
        lines.append(f"{value!r},{step - before},{i + 0.5:.6f}\n")
        before = step
    path.write_text(
        '#{"t_start": 1614621287.226, "env_id": "CartPole-v1"}\nr,l,t\n' + "".join(lines), encoding="utf-8"
    )
    return path


_SUMMED = "steps are the sum of episode lengths, so they never repeat or fall"
READER = Reader(
    "rl-monitor",
    "monitor.csv of Stable-Baselines3 and gym",
    _sniff,
    _read,
    _write_sample,
    exempt={"duplicate-steps": _SUMMED, "second-launch": _SUMMED},
)
