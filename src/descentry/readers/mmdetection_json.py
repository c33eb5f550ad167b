"""The JSON log of OpenMMLab tools (MMDetection, MMSegmentation …) up to version 2.

## What it is

The text logger of mmcv writes `20210101_120000.log.json` into the work folder: a first line with the
environment, the settings and the seed, then one line for each log, with `mode`, `epoch` and `iter`.

## How it is recognised

JSON Lines with `mode` (`train` or `val`), `epoch` and `iter`.

## What is read

Every number, named after its mode: `train/loss`, `val/bbox_mAP`. Where `iter` starts over in every epoch,
it is counted on: an epoch is as long as the highest `iter` of training in the file. Validation stands at
the end of its epoch.

## Limits

The last iterations of an epoch that were not logged are not in its length, so steps may lag by less than
one interval an epoch. Version 3 writes `scalars.json`, which `jsonl` reads.

## Example

```json
{"env_info": "sys.platform: linux", "seed": 0, "exp_name": "retinanet.py"}
{"mode": "train", "epoch": 1, "iter": 50, "lr": 0.00198, "loss": 1.6301, "time": 0.38}
{"mode": "val", "epoch": 1, "iter": 625, "lr": 0.02, "bbox_mAP": 0.147}
```
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from descentry.core.data import Gap
from descentry.core.errors import NoCurveError
from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._layout import clean_name
from descentry.readers._records import flatten, head_records, json_lines, number, settings
from descentry.readers._source import Source

_COUNTERS = ("mode", "epoch", "iter")


def _sniff(source: Source) -> float:
    logs = [r for r in head_records(source) if "mode" in r]
    return 0.9 if logs and all(key in r for r in logs for key in _COUNTERS) else 0.0


def _read(source: Source) -> list[Draft]:
    gaps: list[Gap] = []
    log = Collector()
    points: list[tuple[int, str, int, int, dict[str, Any]]] = []
    for row, record in json_lines(source, gaps):
        epoch, inner = number(record.get("epoch")), number(record.get("iter"))
        if (
            "mode" in record
            and epoch is not None
            and inner is not None
            and max(abs(epoch), abs(inner)) < 2**31
        ):
            points.append((row, clean_name(str(record["mode"])), int(epoch), int(inner), record))
        else:
            log.config.update(settings(record))
    train = [(epoch, inner) for _, mode, epoch, inner, _ in points if mode == "train"]
    if not train:
        raise NoCurveError(
            "no line of it logs training", where=source.name, how="Has the run reached its first log yet?"
        )
    restarts = any(later[0] > now[0] and later[1] <= now[1] for now, later in itertools.pairwise(train))
    length = max(inner for _, inner in train) if restarts else 0
    reached = 0
    for row, mode, epoch, inner, record in points:
        if mode == "train":
            reached = (epoch - 1) * length + inner
        step = epoch * length if mode != "train" and restarts else reached
        log.add(
            row,
            ((f"{mode}/{name}", value) for name, value in flatten(record) if name not in _COUNTERS),
            step=step,
        )
    log.gaps = gaps
    return [log.draft(step_name="iter")]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "20210101_120000.log.json"
    lines = [json.dumps({"env_info": "sys.platform: linux", "seed": 0})]
    lines += [
        json.dumps({"mode": "train", "epoch": 1, "iter": step, "lr": 0.02, "loss": value})
        for step, value in rows
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


READER = Reader("mmdetection-json", "OpenMMLab log.json (version 2)", _sniff, _read, _write_sample)
