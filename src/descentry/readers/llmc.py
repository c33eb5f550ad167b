"""llm.c text logs.

## What it is

What llm.c writes: `main.log` in its output folder (`s:STEP trl:LOSS`), and what its programs print.

## How it is recognised

Lines `s:N trl:X`, `s:N tel:X`, `step N/M | loss X` or `step N: train loss X (took`.

## What is read

From `main.log`: `trl` (training loss), `tel` (validation loss), `eval` (HellaSwag), `lr` and
`norm`. From printed lines: `loss` or `train loss`, `norm` and `lr`; `val loss`, which llm.c prints
without a step, takes that of the line before it.

## Limits

The z-scores in brackets and the timings are not read.

## Example

```text
s:0 tel:11.0092
s:0 trl:11.0091 lr:0.000001 norm:15.37
s:1 trl:10.9598 lr:0.000002 norm:15.24
```

or

```text
val loss 11.009
step    1/19560 | loss 11.009 (+nanz)| norm 15.3740 (+nanz)| lr 8.57e-07 | 3012.44 ms | 174041 tok/s
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._text import COUNT, NUMBER, log_lines, number, score

_FILE = Pattern(rf"^s:({COUNT}) (?=(?:trl|tel|eval):)")
_PRINTED = Pattern(rf"^step +({COUNT})(?:/\d+ *\||: (?=train loss \S+ \(took))")
_FIELD = Pattern(rf"^ {{0,4}}([a-z][a-z ]{{0,40}}?) {{1,8}}({NUMBER})(?![\w.])")
_VALIDATION = Pattern(rf"^val loss ({NUMBER})$")


def _sniff(source: Source) -> float:
    file = score(source, "s:", _FILE.match, 0.95)
    return file or score(source, "step ", lambda line: _PRINTED.match(line) and "loss" in line, 0.95)


def _read(source: Source) -> list[Draft]:
    log = Collector()
    step = 0
    for row, line in log_lines(source, log.gaps):
        if line.startswith("s:"):
            if found := _FILE.match(line):
                step = int(found[1])
                pairs = [
                    (name, number(text))
                    for name, _, text in (p.partition(":") for p in line[found.end() :].split())
                ]
                log.add(row, [(name, value) for name, value in pairs if value is not None], step=step)
        elif line.startswith("step"):
            if found := _PRINTED.match(line):
                step = int(found[1])
                fields = [m for part in line[found.end() :].split("|") if (m := _FIELD.match(part))]
                log.add(
                    row, [(m[1], value) for m in fields if (value := number(m[2])) is not None], step=step
                )
        elif (
            line.startswith("val loss")
            and (found := _VALIDATION.match(line))
            and (value := number(found[1])) is not None
        ):
            log.add(row, {"val loss": value}, step=step)
    return [log.draft()]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "main.log"
    path.write_text(
        "".join(f"s:{step} trl:{value:.4f} lr:0.000600 norm:0.41\n" for step, value in rows), encoding="utf-8"
    )
    return path


READER = Reader("llmc", "llm.c log", _sniff, _read, _write_sample)
