"""Text logs with `json_stats:` lines, as Torch7 scripts and their successors print them.

## What it is

The log of wide-residual-networks and related Torch7 and early PyTorch code: a dump of the options
and of the model, then one line each epoch with a JSON object behind `json_stats:`.

## How it is recognised

Lines that begin with `json_stats: {`.

## What is read

Every number in the objects. Settings, which never change from line to line (`batchSize`, `momentum`
…), go to the run's config and not among its curves. The step is what the objects count, most often
`epoch`.

## Limits

Nested objects and lists are kept as config only.

## Example

```text
json_stats: {"optimMethod":"sgd","batchSize":128,"epoch":1,"lr":0.1,"test_acc":54.78,"loss":1.1969858704469}
json_stats: {"optimMethod":"sgd","batchSize":128,"epoch":2,"lr":0.1,"test_acc":70.87,"loss":0.82106501123844}
```
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

from descentry.core import metrics
from descentry.core.data import Gap
from descentry.readers._draft import Collector, Draft, Track
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source, parse_json
from descentry.readers._text import log_lines, score

_MARK = "json_stats: {"
# Lua's encoder writes numbers that JSON does not have as C prints them.
_BARE = Pattern(r":\s*(-?)(nan|inf)\b", re.IGNORECASE)


def _spelled(found: re.Match[str]) -> str:
    """A bare number as Python's JSON spells it; it has no -NaN."""
    return ": NaN" if found[2].lower() == "nan" else f": {found[1]}Infinity"


def _sniff(source: Source) -> float:
    return score(source, _MARK, lambda line: line.startswith(_MARK), 0.95)


def _read(source: Source) -> list[Draft]:
    log = Collector()
    broken = 0
    for row, line in log_lines(source, log.gaps):
        if not line.startswith(_MARK):
            continue
        text = line[len(_MARK) - 1 :]
        try:
            record = parse_json(_BARE.sub(_spelled, text), source.name)
        except ValueError:
            broken += 1
            continue
        numbers = {k: value for k, v in record.items() if (value := _plain(v)) is not None}
        log.config.update((k, v) for k, v in record.items() if k not in numbers)
        log.add(row, numbers)
    if broken:
        log.gaps.append(
            Gap(
                "unreadable-lines",
                f"{broken:,} `json_stats` lines are not whole JSON and are not read",
                broken,
            )
        )
    draft = log.draft()
    draft.tracks = [t for t in draft.tracks if not _is_setting(t, draft)]
    return [draft]


def _plain(value: object) -> float | None:
    """A JSON number as a float; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _is_setting(track: Track, draft: Draft) -> bool:
    """Whether a number never changes and means no metric; it is moved to the config then."""
    if metrics.kind(track.name) in {"loss", "error", "rising"} or metrics.step_rank(track.name) is not None:
        return False
    if (track.value != track.value[0]).any():
        return False
    draft.config[track.name] = float(track.value[0])
    return True


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "log.txt"
    lines = [
        "json_stats: " + json.dumps({"batchSize": 128, "epoch": step, "lr": 0.1, "loss": value}) + "\n"
        for step, value in rows
    ]
    path.write_text("".join(["==> configuring model\n", *lines]), encoding="utf-8")
    return path


READER = Reader("torch7-json", "Text log with json_stats lines", _sniff, _read, _write_sample)
