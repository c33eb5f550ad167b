"""Runs whole programs under ``descentry run`` and scores what it says to them.

    python -m benchmarks.faulty_programs [--jobs N] [--only WORD] [--runs FOLDER]

``benchmarks/programs/faulty`` holds short scripts with one mistake each, after questions that people ask in
forums; their first line names the causes that are a right answer. Those in ``benchmarks/programs/healthy``
have none. They know nothing of descentry, and the diagnosis is not fitted to them. They are few, and all by
one hand: the intervals say how few.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import descentry
from benchmarks._shares import wilson

PROGRAMS = Path(__file__).parent / "programs"
TIMEOUT = 300  # seconds


@dataclass(frozen=True)
class Outcome:
    """What was said to one program.

    Attributes:
        name: Of the script.
        acceptable: Causes that are a right answer.
        verdict: Of the report; empty where there was none.
        ranked: Causes that were weighed, the likeliest first, with their probabilities.
    """

    name: str
    acceptable: frozenset[str]
    verdict: str
    ranked: tuple[tuple[str, float], ...]

    def within(self, first: int) -> bool:
        """Whether a right answer is among the first few."""
        return any(cause in self.acceptable for cause, _ in self.ranked[:first])


def run(script: Path, folder: Path) -> Outcome:
    """The script, run as a user would."""
    head = script.read_text(encoding="utf-8").splitlines()[0]
    acceptable = frozenset(head.removeprefix("# acceptable:").replace(",", " ").split())
    kept = folder / script.stem
    if not kept.exists():
        command = [
            sys.executable,
            "-m",
            "descentry.cli",
            "run",
            "--quiet",
            "--run-dir",
            str(kept),
            str(script),
        ]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run(command, env=environment, capture_output=True, timeout=TIMEOUT, check=False)
    runs = sorted(kept.glob(f"{script.stem}*"), key=lambda p: p.name)
    if not runs:
        return Outcome(script.stem, acceptable, "", ())
    try:
        report = descentry.explain(runs[-1])
    except descentry.DescentryError:
        return Outcome(script.stem, acceptable, "", ())
    ranked = tuple((d.cause, d.probability) for d in report.diagnoses)
    return Outcome(script.stem, acceptable, report.verdict, ranked)


def share(hits: int, total: int) -> str:
    """A count with its 95% interval."""
    low, high = wilson(hits, total)
    return f"{hits} of {total} ({low:.0%} to {high:.0%})"


def main() -> None:
    """Runs all programs and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=2, help="programs that run at once")
    parser.add_argument("--only", default="", help="only programs whose name contains this")
    parser.add_argument(
        "--runs", type=Path, help="keep what was recorded in this folder, and use what is there"
    )
    args = parser.parse_args()
    scripts = [p for p in sorted(PROGRAMS.glob("*/*.py")) if args.only in p.stem]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(args.jobs) as pool:
        outcomes = list(pool.map(lambda s: run(s, args.runs or Path(folder)), scripts))
    for one in outcomes:
        mark = "ok" if one.within(1) else "3 " if one.within(3) else "--"
        top = ", ".join(f"{cause} {p:.2f}" for cause, p in one.ranked[:3])
        print(f"{mark}  {one.name:40} {one.verdict:12} {top}   [{', '.join(sorted(one.acceptable))}]")
    faulty = [o for o in outcomes if "healthy" not in o.acceptable]
    healthy = [o for o in outcomes if "healthy" in o.acceptable]
    called = ("failing", "attention")
    figures = [
        ("faulty, a right answer first", faulty, lambda o: o.within(1)),
        ("faulty, among the first three", faulty, lambda o: o.within(3)),
        ("faulty, called failing or attention", faulty, lambda o: o.verdict in called),
        ("healthy, called failing", healthy, lambda o: o.verdict == "failing"),
        ("healthy, called failing or attention", healthy, lambda o: o.verdict in called),
    ]
    print()
    for what, of, test in figures:
        if of:
            print(f"{what:40} {share(sum(map(test, of)), len(of))}")


if __name__ == "__main__":
    main()
