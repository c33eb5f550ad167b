"""Scores the forecasts of ``descentry.forecast`` against what came, and against simple ways to forecast.

Each curve is cut at a quarter, a third and a half of its steps. The part is forecast to 1.25, 1.5, 2 and 4
times its length, as far as the curve goes. What came is the local level of the whole curve there: a robust
straight line through the points within a few hundredths of that step.

- **Sets.** Recorded runs (``--corpus``) and the generated trainings (``trainings.py``), each in two halves:
  whole source repositories of the recorded ones, whole task families of the generated ones. The method and
  its constants were chosen on ``dev``; ``test`` is held out.
- **Left out.** Times from which on a run diverges or is not finite, by its labels: no level is there.
- **Undisturbed.** Forecasts whose time ahead holds no sudden drop, jump up, oscillation or plateau, nor the
  end of one, by the labels. A cut of the rate or other data cannot be known beforehand. Both are printed.
- **Coverage.** The share of intervals that hold what came, nominally 90%, with a 95% interval from drawing
  curves anew. **Width** and **error** are medians, in units of the scale of the part.
- **Peers** get 90% intervals from what they got wrong when they forecast the part from its own earlier
  points: the level as it stands, the power law ``L + a·t^-c`` by least squares, a straight line over
  ``log t`` through the last half.
- **Worth.** How often a gain above 5.6% of the scale came, beside the chance that was told.

    python -m benchmarks.forecast [--split dev] [--corpus PATH] [--cache PATH]
"""

from __future__ import annotations

import argparse
import csv
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

import descentry
from benchmarks._nouns import Event
from benchmarks.extrapolations import PEERS, Range, peer
from benchmarks.story import ROOT, _meant, corpus_truth
from benchmarks.trainings import load
from descentry.behaviours._curve import MIN_POINTS, Curve
from descentry.core import metrics
from descentry.core.data import Series
from descentry.core.errors import DescentryError
from descentry.forecast import forecast
from descentry.forecast._say import WORTHWHILE

CUTS = (1 / 4, 1 / 3, 1 / 2)
TIMES = (1.25, 1.5, 2.0, 4.0)
AROUND = (0.04, 0.08, 0.12, 0.2)  # of the step: where what came is looked for, the first that is sure enough
CHANGES = {"sudden-drop", "jump-up", "oscillation", "plateau", "stuck"}
BROKEN = {"divergence", "non-finite"}
CHANCES = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.01)


@dataclass(frozen=True)
class Whole:
    """A curve that is known to its end."""

    name: str
    series: Series
    rising: bool
    labels: frozenset[str]
    events: tuple[Event, ...]


@dataclass
class Score:
    """What was forecast in one cell of the table, and what came."""

    curve: list[str] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    width: list[float] = field(default_factory=list)
    error: list[float] = field(default_factory=list)

    def add(self, name: str, told: Range, came: float, unit: float) -> None:
        """One more forecast, beside what came."""
        self.curve.append(name)
        self.held.append(told[0] <= came <= told[2])
        self.width.append((told[2] - told[0]) / unit)
        self.error.append(abs(told[1] - came) / unit)

    def interval(self, times: int = 1000) -> tuple[float, float]:
        """95% interval of the coverage; the cuts of one curve are drawn together."""
        groups = defaultdict(list)
        for name, held in zip(self.curve, self.held, strict=True):
            groups[name].append(held)
        right, all_of = (np.array([f(g) for g in groups.values()]) for f in (sum, len))
        drawn = np.random.default_rng(0).integers(0, len(groups), (times, len(groups)))
        low, high = np.percentile(right[drawn].sum(1) / all_of[drawn].sum(1), [2.5, 97.5])
        return float(low), float(high)


def half_of(source: str) -> str:
    """Which half a source repository is in."""
    return "dev" if zlib.crc32(source.encode()) % 2 else "test"


def recorded(folder: Path, split: str) -> Iterator[Whole]:
    """The recorded runs of a half, whose metric can be told."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            r for r in csv.DictReader(file) if int(r["n_points"]) >= 20 and half_of(r["source_repo"]) == split
        ]
    for row in rows:
        try:
            run, series = _meant(descentry.read_all(folder / row["file"]), row)
            rising = metrics.higher_is_better(series.name if series else row["metric"])
            main = series or descentry.explain(run).main
        except DescentryError:
            continue
        if main is not None:
            labels, _, events = corpus_truth(row, main)
            yield Whole(row["file"], main, rising, labels, events)


def generated(split: str, cache: Path | None) -> Iterator[Whole]:
    """The generated trainings of a half."""
    for t in load(split, cache):  # type: ignore[arg-type]
        yield Whole(t.name, t.run.series[0], t.rising, t.labels, t.events)


def came(series: Series, step: float) -> float:
    """The level of a curve at a step, from a robust line through the points about it."""
    finite = np.isfinite(series.value)
    at, value = series.step[finite] - series.step[0], series.value[finite]
    goal = step - series.step[0]
    for share in AROUND:
        near = np.abs(at - goal) <= share * goal
        x, y = at[near] / goal - 1.0, value[near]
        if len(y) < 4:
            continue
        centre, unit = float(np.median(y)), float(np.median(np.abs(y - np.median(y)))) or 1.0
        y = np.clip((y - centre) / unit, -1e6, 1e6)
        weight = np.ones(len(y))
        for _ in range(5):
            power = np.sqrt(weight)[:, None] * np.stack([np.ones_like(x), x], 1)
            (level, slope), *_ = np.linalg.lstsq(power, np.sqrt(weight) * y, rcond=None)
            off = np.abs(y - level - slope * x)
            spread = 1.4826 * float(np.median(off)) + 1e-12
            weight = 1.0 / np.maximum(1.0, off / (1.5 * spread))
        error = spread * np.sqrt(np.linalg.inv(power.T @ power)[0, 0]) * unit
        if len(y) >= 30 or share == AROUND[-1] or error < 0.01 * np.ptp(value):
            return centre + unit * float(level)
    return float(np.median(value[np.argsort(np.abs(at - goal))[:3]]))


def disturbed(whole: Whole, at: float, until: float) -> bool:
    """Whether something changes between the cut and the time forecast."""
    return any(
        e.behaviour in CHANGES and (at <= e.start <= until or at <= e.stop <= until) for e in whole.events
    )


@dataclass
class Scores:
    """Of a set: by way, times and whether only undisturbed; chances, and whether the gain came; worth."""

    cells: dict[tuple[str, float, bool], Score] = field(default_factory=lambda: defaultdict(Score))
    chances: list[tuple[float, bool]] = field(default_factory=list)
    worth: Counter[str] = field(default_factory=Counter)


def parts(whole: Whole) -> Iterator[tuple[Curve, float, float]]:
    """The beginnings of a curve, how far each is to be forecast, and the step until which that is."""
    series = whole.series
    first, last = int(series.step[0]), int(series.step[-1])
    broken = [e.start for e in whole.events if e.behaviour in BROKEN]
    if whole.labels & BROKEN and not broken:
        return
    for cut in CUTS:
        n = int(np.searchsorted(series.step, first + cut * (last - first), side="right"))
        if n < MIN_POINTS or series.step[n - 1] == first:
            continue
        part = Series(series.name, series.split, series.step[:n], series.value[:n], None, series.step_name)
        curve = Curve(part, whole.rising)
        for times in TIMES:
            until = first + times * float(part.step[-1] - first)
            if until <= last + 0.02 * (last - first) and not any(b <= until for b in broken):
                yield curve, times, min(until, last)


def score(wholes: list[Whole]) -> Scores:
    """Forecasts every part of every curve in every way."""
    scores = Scores()
    for whole in wholes:
        turn = -1.0 if whole.rising else 1.0
        for curve, times, until in parts(whole):
            truth = turn * came(whole.series, until)
            told = forecast(curve, times=times)
            scores.worth[told.worth] += 1
            if told.expected is None or told.current is None or curve.scale <= 0:
                continue
            low, high = sorted((turn * told.expected.low, turn * told.expected.high))
            ranges = {"descentry": (low, turn * told.expected.value, high)}
            ranges |= {name: peer(curve, rule, times) for name, rule in PEERS.items()}
            calm = not disturbed(whole, float(curve.series.step[-1]), until)
            for way, each in ranges.items():
                for only in {False, calm}:
                    scores.cells[way, times, only].add(whole.name, each, truth, curve.scale)
            if calm:
                gained = turn * told.current.value - truth
                scores.chances.append((told.chance, gained >= WORTHWHILE * curve.scale))
    return scores


def show(title: str, wholes: list[Whole]) -> None:
    with np.errstate(all="ignore"):
        scores = score(wholes)
    print(f"{title}: {len(wholes)} curves")
    print(f"  {'':16} {'times':>5}  {'undisturbed: n, coverage (95%), width, error':<44}  all: n, coverage")
    for way in ("descentry", *PEERS):
        for times in TIMES:
            calm, all_of = scores.cells[way, times, True], scores.cells[way, times, False]
            if not calm.held:
                continue
            low, high = calm.interval()
            numbers = f"{len(calm.held):5} {np.mean(calm.held):.3f} ({low:.2f} to {high:.2f})"
            sizes = f"{np.median(calm.width):8.3f} {np.median(calm.error):7.3f}"
            everything = f"{len(all_of.held):10} {np.mean(all_of.held):.3f}"
            print(f"  {way:16} {times:5}  {numbers} {sizes} {everything}")
    print("  chance of a worthwhile gain, undisturbed: forecasts, mean told, share that came")
    told, true = np.array([c for c, _ in scores.chances]), np.array([t for _, t in scores.chances])
    for a, b in pairwise(CHANCES):
        inside = (told >= a) & (told < b)
        if inside.any():
            shares = f"{told[inside].mean():6.2f} {true[inside].mean():6.2f}"
            print(f"    {a:.2f} to {min(b, 1.0):.2f} {inside.sum():6} {shares}")
    print("  " + ", ".join(f"{w}: {k}" for w, k in scores.worth.most_common()), end="\n\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--corpus", type=Path, default=ROOT.parent / "shared" / "corpus", help="recorded runs"
    )
    parser.add_argument("--split", choices=("dev", "test", "all"), default="all")
    parser.add_argument("--cache", type=Path, default=None, help="folder to keep the generated set in")
    options = parser.parse_args()
    for split in ("dev", "test") if options.split == "all" else (options.split,):
        if (options.corpus / "manifest.csv").exists():
            show(f"recorded runs, {split}", list(recorded(options.corpus, split)))
        else:
            print(
                f"The recorded runs are not here ({options.corpus} holds no manifest.csv): they are left out."
            )
        show(f"generated, {split}", list(generated(split, options.cache)))
    t = np.arange(10_000.0)
    noisy = 1.0 + 3.0 * (t + 20.0) ** -0.5 + 0.1 * np.random.default_rng(0).normal(size=len(t))
    spent = []
    for _ in range(20):
        curve = Curve(Series("loss", "", t.astype(np.int64), noisy))
        _ = curve.trend, curve.jumps(-1)
        start = time.perf_counter()
        forecast(curve)
        spent.append(time.perf_counter() - start)
    print(
        f"a forecast takes {1e3 * float(np.median(spent)):.1f} ms, beyond what the story has computed by then"
    )


if __name__ == "__main__":
    main()
