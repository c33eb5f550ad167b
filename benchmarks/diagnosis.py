"""Scores diagnoses on trainings of tasks and models that the fit has not seen, and other tools beside them.

    python -m benchmarks.diagnosis --out .calibration [--plot docs/reliability.svg]

``python -m benchmarks.calibrate make`` makes the trainings. A first answer is right if it is one of the
causes that are true of the training or that a fair judge would accept for it
(``benchmarks/zoo/labels.py``); of a healthy training it is ``healthy``. Calibration is that of the first
answer's probability, and beside it that of every cause's. The other tools are given the log of the same
runs; what they say counts for every cause that it could mean.
"""

from __future__ import annotations

import argparse
import functools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks._peers import Said, installed
from benchmarks._reliability import draw
from benchmarks._samples import VIEWS, View, over_cells
from benchmarks._shares import calibration_error, share


@dataclass(frozen=True)
class Answer:
    """What was said to one held-out training.

    Attributes:
        given: What is true of it.
        allowed: What may be said of it.
        verdict: Of the report.
        ranked: Causes with probabilities, the likeliest first.
        peers: What other tools said.
    """

    given: frozenset[str]
    allowed: frozenset[str]
    verdict: str
    ranked: tuple[tuple[str, float], ...]
    peers: dict[str, Said] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        """Nothing is wrong with it."""
        return "healthy" in self.given

    def within(self, first: int) -> bool:
        """Whether a right answer is among the first few."""
        return any(cause in self.allowed for cause, _ in self.ranked[:first])


def answers(view: View, path: Path) -> list[Answer]:
    """What is said to the held-out trainings of one cell."""
    from benchmarks.zoo import shards
    from benchmarks.zoo.logs import logged
    from benchmarks.zoo.splitting import split
    from descentry.story import explain

    found = []
    for sample in shards.read(path):
        if split(sample.spec) != "test":
            continue
        run = sample.run if view == "watched" else logged(sample)
        report = explain(run)
        peers = {name: ask(run) for name, ask in installed().items()} if view == "log" else {}
        ranked = tuple((d.cause, d.probability) for d in report.diagnoses)
        found.append(Answer(sample.labels.given, sample.labels.allowed, report.verdict, ranked, peers))
    return found


def score(found: Sequence[Answer]) -> list[tuple[str, str]]:
    """The main figures of one view."""
    faulty, healthy = [a for a in found if not a.healthy], [a for a in found if a.healthy]
    top = np.array([a.ranked[0][1] for a in found if a.ranked])
    right = np.array([a.within(1) for a in found if a.ranked])
    own = np.array([a.ranked[0][0] in a.given for a in found if a.ranked])
    every, true = _every(found)
    return [
        ("faulty, first answer right", share(sum(a.within(1) for a in faulty), len(faulty))),
        ("faulty, right among three", share(sum(a.within(3) for a in faulty), len(faulty))),
        ("all, first answer right", share(sum(a.within(1) for a in found), len(found))),
        ("healthy, called failing", share(sum(a.verdict == "failing" for a in healthy), len(healthy))),
        ("healthy, called anything", share(sum(a.verdict != "healthy" for a in healthy), len(healthy))),
        ("faulty, called healthy", share(sum(a.verdict == "healthy" for a in faulty), len(faulty))),
        ("calibration error, first answer", f"{calibration_error(top, right):.3f}"),
        ("the same, second names counted as wrong", f"{calibration_error(top, own):.3f}"),
        ("calibration error, every cause", f"{calibration_error(every, true):.3f}"),
        ("Brier score, first answer", f"{np.mean((top - right) ** 2):.3f}"),
        ("Brier score, every cause", f"{np.mean((every - true) ** 2):.4f}"),
    ]


def _every(found: Sequence[Answer]) -> tuple[np.ndarray, np.ndarray]:
    """Probability and truth of every cause of every run; not of those that may only be named."""
    pairs = [
        (probability, cause in a.given)
        for a in found
        for cause, probability in a.ranked
        if cause in a.given or cause not in a.allowed
    ]
    return np.array([p for p, _ in pairs]), np.array([t for _, t in pairs])


def by_cause(found: Sequence[Answer]) -> list[str]:
    """A row for each cause that was put into a training alone."""
    groups = defaultdict(list)
    for a in found:
        if len(a.given) == 1:
            groups[next(iter(a.given))].append(a)
    rows = ["| cause | trainings | first | among three | most often taken for |", "|---|---|---|---|---|"]
    for cause in sorted(groups):
        of = groups[cause]
        wrong = [a.ranked[0][0] for a in of if not a.within(1) and a.ranked]
        worst = max(set(wrong), key=wrong.count) if wrong else ""
        told = f"{worst} ({wrong.count(worst)})" if wrong else ""
        first, three = (sum(a.within(k) for a in of) / len(of) for k in (1, 3))
        rows.append(f"| {cause} | {len(of)} | {first:.0%} | {three:.0%} | {told} |")
    return rows


def peers(found: Sequence[Answer]) -> list[str]:
    """A row for each other tool that is installed."""
    rows = [
        "| tool | faulty: first right | faulty: any right | faulty: refused | healthy: alarm |",
        "|---|---|---|---|---|",
    ]
    faulty, healthy = [a for a in found if not a.healthy], [a for a in found if a.healthy]
    for name in installed():
        said = [a.peers[name] for a in faulty]
        first = sum(bool(s.first & a.allowed) for s, a in zip(said, faulty, strict=True))
        among = sum(bool(s.any & a.allowed) for s, a in zip(said, faulty, strict=True))
        refused = sum(s.refused for s in said)
        alarm = sum(a.peers[name].alarm for a in healthy)
        n, m = max(len(faulty), 1), max(len(healthy), 1)
        rows.append(f"| {name} | {first / n:.1%} | {among / n:.1%} | {refused / n:.1%} | {alarm / m:.1%} |")
    return rows


def main() -> None:
    """Prints the tables of both views."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--out", type=Path, nargs="+", default=[Path(".calibration")], help="folders of the trainings"
    )
    parser.add_argument("--plot", type=Path, help="write the reliability plot here, as SVG")
    options = parser.parse_args()
    curves = {}
    for view in VIEWS:
        found = over_cells(functools.partial(answers, view), options.out)
        print(f"\n## {'With a watch' if view == 'watched' else 'From logs alone'}\n")
        for what, figure in score(found):
            print(f"| {what} | {figure} |")
        print("", *by_cause(found), sep="\n")
        if view == "log":
            print("", *peers(found), sep="\n")
        curves[view] = ([a.ranked[0][1] for a in found if a.ranked], [a.within(1) for a in found if a.ranked])
    if options.plot:
        options.plot.write_text(draw(curves), encoding="utf-8")


if __name__ == "__main__":
    main()
