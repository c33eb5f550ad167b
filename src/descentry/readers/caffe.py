"""Caffe text logs, and those of scikit-learn's neural networks.

## What it is

The log of Caffe's solver, in the format of glog. `MLPClassifier` and `MLPRegressor` of scikit-learn
print the same `Iteration N, loss = X` with `verbose=True`.

## How it is recognised

Lines `Iteration N, loss = X` (with the speed in brackets between them in newer Caffe), `Train net
output #K` or `Test net output #K`.

## What is read

`loss`: the loss that the solver prints, smoothed over its `average_loss` iterations. Net outputs as
`Train NAME` and `Test NAME`; with several test nets the second is `Test 1 NAME`. `lr`.
scikit-learn's `Validation score`. The step is the last iteration named.

## Limits

The loss weights behind net outputs (`(* 1 = 0.5 loss)`) are not read. glog's times have no year, so
points have no times.

## Example

```text
I0523 12:34:56.789012  1234 solver.cpp:330] Iteration 500, Testing net (#0)
I0523 12:34:57.120034  1234 solver.cpp:397]     Test net output #0: accuracy = 0.9712
I0523 12:34:57.250871  1234 solver.cpp:218] Iteration 500 (120.4 iter/s, 0.83s/100 iters), loss = 0.0912
I0523 12:34:57.250902  1234 solver.cpp:237]     Train net output #0: loss = 0.0912 (* 1 = 0.0912 loss)
I0523 12:34:57.250914  1234 sgd_solver.cpp:105] Iteration 500, lr = 0.00964
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import COUNT, NUMBER, log_lines, number, score

_LINE = Pattern(
    rf"(?:^|\] *)(?:Iteration (?P<step>{COUNT})\b(?: \([^)]*\))?, "
    rf"(?:(?P<name>loss|lr) = (?P<value>{NUMBER})|Testing net \(#(?P<net>\d+)\))"
    rf"|(?P<split>Train|Test) net output #(?P<index>\d+): (?P<output>\S+) = (?P<number>{NUMBER})"
    rf"|(?P<score>Validation score): (?P<scored>{NUMBER}))"
)


def _sniff(source: Source) -> float:
    iterations = score(
        source, "Iteration ", lambda line: (found := _LINE.search(line)) and found["name"] == "loss"
    )
    return max(iterations, score(source, " net output #", _LINE.search))


def _read(source: Source) -> list[Draft]:
    log = Collector()
    step, net = 0, "0"
    first: dict[tuple[str, str], str] = {}
    for row, line in log_lines(source, log.gaps):
        if "Iteration" not in line and "output #" not in line and "Validation score" not in line:
            continue
        if not (found := _LINE.search(line)):
            continue
        if found["step"] is not None:
            step = int(found["step"])
            net = found["net"] or net
            name, text = found["name"], found["value"]
        elif found["split"] is not None:
            split = found["split"] if found["split"] == "Train" or net == "0" else f"Test {net}"
            name, text = f"{split} {found['output']}", found["number"]
            # An output with several values prints them under one name, each with its own index.
            if first.setdefault((split, found["output"]), found["index"]) != found["index"]:
                name = f"{name} #{found['index']}"
        else:
            name, text = found["score"], found["scored"]
        if name is not None and (value := number(text)) is not None:
            log.add(row, {name: value}, step=step)
    return [log.draft(step_name="iteration")]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "caffe.log"
    lines = [
        f"I0523 12:34:57.250871  1234 solver.cpp:218] Iteration {step} (120.4 iter/s, 0.83s/100 iters), "
        f"loss = {value:.7g}\n"
        f"I0523 12:34:57.250914  1234 sgd_solver.cpp:105] Iteration {step}, lr = 0.00964\n"
        for step, value in rows
    ]
    path.write_text("".join(lines), encoding="utf-8")
    return path


READER = Reader("caffe", "Caffe text log", _sniff, _read, _write_sample)
