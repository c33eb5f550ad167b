"""Scores the stories of ``descentry.explain`` against labels read by eye, and against known events.

Two sets are scored: recorded runs of other people (``--corpus``, labels read by eye from plots; the sure
ones only) and the generated trainings (``trainings.py``; truth known by construction), the latter for each
split. Rules:

- **Presence.** Each run has a set of true labels: its behaviours, and ``converged`` or
  ``still-improving``, which are told by ``report.convergence.status``. A label told and true is a hit,
  told and not true a false alarm, true and not told a miss. Precision, recall and F1 are given for each
  label; macro F1 is their mean over the labels that are true of at least one run, with a 95% interval from
  drawing the runs anew; micro F1 pools all labels.
- A final plateau is written ``converged`` by those who label. So a told plateau does not count against a
  run that has converged if it reaches the last 2% of it, nor where it lies within a stuck, divergent or
  non-finite range. Where plateau is a true label, any told plateau counts as telling it.
- Smooth taken for noisy counts as two errors, one of each.
- Convergence is unscored for a run of the corpus that is labelled neither way, and for a generated run
  that could be called either way. A generated run that is known not to converge has neither label.
- A behaviour that is a matter of taste for a run is unscored there: for the generated set as its truth
  says, for the corpus where its events name what its labels leave out.
- Only findings about the explained series count, and overfitting, which is a finding about another one.
- **Places.** A finding and an event match when they are of one behaviour and overlap, or lie at most 2% of
  the run apart. Recall is the share of events matched by a finding, precision the share of findings
  matched by an event. Behaviours that are true of a run but were given no place are left out.
- **Healthy runs called failing.** Runs with none of divergence, non-finite, stuck, jump-up and oscillation
  among their labels whose verdict is ``failing``. There should be none.
- **Reliability.** The labels told, in bands of the confidence that they were told with, and the share of
  each band that is true.
- A run that cannot be read or explained is scored as if nothing had been told, and is named.

In the corpus, ``metric`` of the manifest is passed on where a series has that name (rewards and accuracies
are recognised as rising by their names; for files without a header the manifest is believed). Where a file
holds several runs, the one that the manifest speaks of is taken.

    python -m benchmarks.story [--split dev] [--corpus PATH] [--verbose] [--json]
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import descentry
from benchmarks._nouns import Event
from benchmarks._score import (
    BEHAVIOURS,
    ENDS,
    LABELS,
    Case,
    f1,
    false_failures,
    interval,
    macro,
    micro,
    places,
    presence,
    ratio,
    reliability,
    told_labels,
)
from descentry.core import metrics
from descentry.core.data import Report, Run, Series
from descentry.core.errors import DescentryError

ROOT = Path(__file__).resolve().parents[1]
SURE = (0.0, 0.7, 0.85, 0.95, 1.01)
Truth = tuple[frozenset[str], frozenset[str], tuple[Event, ...]]


def case(name: str, report: Report | None, series: Series, truth: Truth) -> Case:
    """A run with its truth (labels, unscored, events), and what its report tells of it."""
    told: list[Event] = []
    if report is not None:
        main = report.main.name if report.main is not None else ""
        told = [
            Event(f.behaviour, f.start, f.stop)
            for f in report.findings
            if f.series == main or f.behaviour == "overfitting"
        ]
    sure: dict[str, float] = {}
    if report is not None:
        for finding in report.findings:
            sure[finding.behaviour] = max(finding.confidence, sure.get(finding.behaviour, 0.0))
        sure[report.convergence.status] = report.convergence.confidence
    end, verdict = (report.convergence.status, report.verdict) if report else ("", "")
    return Case(name, int(series.step[0]), int(series.step[-1]), *truth, tuple(told), end, verdict, sure)


def corpus_cases(folder: Path, failed: list[str]) -> Iterator[Case]:
    """The recorded runs whose labels are sure."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["label_confidence"] == "sure" and int(row["n_points"]) > 0
        ]
    for row in rows:
        try:
            run, series = _meant(descentry.read_all(folder / row["file"]), row)
        except DescentryError as error:
            failed.append(f"{row['file']}: {str(error).splitlines()[0]}")
            continue
        # Without a header there is no name to judge by: the manifest says that the metric rises.
        rising = True if series is None and metrics.higher_is_better(row["metric"]) else None
        report = descentry.explain(run, metric=series.name if series else None, higher_is_better=rising)
        main = series or report.main
        if main is None:
            failed.append(f"{row['file']}: nothing was examined")
            continue
        yield case(row["file"], report, main, corpus_truth(row, main))


def _meant(runs: list[Run], row: dict[str, str]) -> tuple[Run, Series | None]:
    """The run and series that the manifest speaks of; the series is None where none is called that."""
    prefix, _, rest = row["metric"].rpartition(" - ")
    names = [row["metric"], row["metric"].split(" (")[0], rest]
    found = [(run, s) for run in runs for s in run.series if s.name in names and prefix in {"", run.name}]
    if not found:
        return max(runs, key=lambda run: max(len(s) for s in run.series)), None
    return min(found, key=lambda pair: abs(len(pair[1]) - int(row["n_points"])))


def corpus_truth(row: dict[str, str], series: Series) -> Truth:
    """Labels, unscored and events of a row of the manifest."""
    labels = frozenset(filter(None, row["labels"].split(";")))
    events = []
    for behaviour, start, stop in re.findall(r"([a-z-]+)=([\d.]+)-([\d.]+|end)", row["events"]):
        last = int(series.step[-1])
        at = [int(start), last if stop == "end" else int(stop)]
        if "x = row number" in row["notes"]:
            at = [int(series.step[min(i, len(series) - 1)]) for i in at]
        events.append(Event(behaviour, at[0], at[1]))
    named = {event.behaviour for event in events}
    unscored = (named - labels) | (set() if labels & set(ENDS) else set(ENDS))
    return labels, frozenset(unscored), tuple(e for e in events if e.behaviour in BEHAVIOURS)


def generated_cases(split: str, cache: Path | None, failed: list[str]) -> Iterator[Case]:
    """The generated trainings of a split."""
    from benchmarks.trainings import load

    for training in load(split, cache):  # type: ignore[arg-type]
        end = training.convergence
        unscored = training.unscored | (frozenset(ENDS) if end is None else frozenset())
        labels = training.labels | ({end} & set(ENDS) if end else frozenset())
        report = None
        try:
            report = descentry.explain(training.run)
        except DescentryError as error:
            failed.append(f"{training.name}: {str(error).splitlines()[0]}")
        yield case(
            training.name, report, training.run.series[0], (frozenset(labels), unscored, training.events)
        )


def summary(cases: list[Case], failed: list[str]) -> dict[str, Any]:
    """All scores of a set, as plain data."""
    counts, placed = presence(cases), places(cases)
    totals = counts.sum(0)
    wrong, healthy = false_failures(cases)
    rows = {
        label: {
            "runs": int(h + m),
            "precision": ratio(h, a),
            "recall": ratio(h, m),
            "f1": f1(h, a, m),
            "alarms": int(a),
            "misses": int(m),
        }
        for label, (h, a, m) in zip(LABELS, totals.tolist(), strict=True)
    }
    where = {
        b: {"events": found + missed, "recall": ratio(found, missed), "precision": ratio(right, off)}
        for b, (found, missed, right, off) in zip(BEHAVIOURS, placed.tolist(), strict=True)
        if found + missed
    }
    return {
        "runs": len(cases),
        "macro_f1": macro(counts),
        "macro_f1_interval": interval(counts),
        "micro_f1": micro(counts),
        "labels": rows,
        "places": where,
        "reliability": reliability(cases, SURE),
        "healthy": healthy,
        "healthy_called_failing": wrong,
        "failed": failed,
    }


def mistakes(cases: list[Case]) -> Iterator[str]:
    """Two lines for each run of which something else was told than is true."""
    for item in cases:
        true, told = item.labels - item.unscored, told_labels(item)
        if true != told:
            extra, missed = sorted(told - true), sorted(true - told)
            yield f"{item.name} ({item.verdict or 'not told'})"
            yield f"    missed: {', '.join(missed) or '-'}; false alarms: {', '.join(extra) or '-'}"


def _table(title: str, scores: dict[str, Any]) -> str:
    low, high = scores["macro_f1_interval"]
    lines = [
        f"{title}: {scores['runs']} runs",
        f"  macro F1 {scores['macro_f1']:.3f} (95%: {low:.3f} to {high:.3f})",
        f"  micro F1 {scores['micro_f1']:.3f}",
        f"  healthy runs called failing: {len(scores['healthy_called_failing'])} of {scores['healthy']}",
        f"  {'label':16} {'runs':>5} {'precision':>10} {'recall':>7} {'F1':>6} {'alarms':>7} {'misses':>7}"
        "   places: recall, precision",
    ]
    for label, row in scores["labels"].items():
        place = scores["places"].get(label)
        at = (
            f"   {_share(place['recall'])} of {place['events']}, {_share(place['precision'])}"
            if place
            else ""
        )
        numbers = f"{_share(row['precision']):>10} {_share(row['recall']):>7} {_share(row['f1']):>6}"
        lines.append(f"  {label:16} {row['runs']:5} {numbers} {row['alarms']:7} {row['misses']:7}{at}")
    lines.append("  how sure it was: labels told, mean confidence, share that is true")
    for (low, high), (count, mean, true) in zip(pairwise(SURE), scores["reliability"], strict=True):
        lines.append(f"    {low:.2f} to {min(high, 1.0):.2f} {count:6} {_share(mean):>7} {_share(true):>7}")
    lines += [f"  called failing, but healthy: {name}" for name in scores["healthy_called_failing"]]
    lines += [f"  not told: {line}" for line in scores["failed"]]
    return "\n".join(lines)


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--corpus", type=Path, default=ROOT.parent / "shared" / "corpus", help="folder of recorded runs"
    )
    parser.add_argument(
        "--split", choices=("dev", "test", "all", "none"), default="all", help="of the generated set"
    )
    parser.add_argument("--cache", type=Path, default=None, help="folder to keep the generated set in")
    parser.add_argument(
        "--verbose", action="store_true", help="name each run of which something else was told than is true"
    )
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    options = parser.parse_args()
    sets: dict[str, tuple[list[Case], list[str]]] = {}
    notes = []
    if (options.corpus / "manifest.csv").exists():
        failed: list[str] = []
        sets["recorded runs"] = (list(corpus_cases(options.corpus, failed)), failed)
    else:
        notes.append(
            f"The recorded runs are not here ({options.corpus} holds no manifest.csv): they are left out."
        )
    for split in {"all": ("dev", "test"), "none": ()}.get(options.split, (options.split,)):
        failed = []
        sets[f"generated, {split}"] = (list(generated_cases(split, options.cache, failed)), failed)
    scores = {title: summary(*found) for title, found in sets.items()}
    if options.json:
        # NaN is no JSON: what was not there to be scored is null.
        text = json.dumps({"notes": notes, "sets": scores}, indent=2, default=np.ndarray.tolist)
        print(re.sub(r"\bNaN\b", "null", text))
        return
    print("\n".join(notes), end="\n" if notes else "")
    for title, found in scores.items():
        print(_table(title, found))
        if options.verbose:
            print("\n".join(mistakes(sets[title][0])))
        print()


if __name__ == "__main__":
    main()
