"""What a boosted forest makes of the same signs that diagnoses are weighed from, on the same trainings.

    python -m benchmarks.ceiling --out .calibration [MORE ...] [--logs FOLDER ...]

It cannot be followed line by line, and is no part of the package: it tells whether what is missed is for
want of evidence, or of how the evidence is weighed.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]

from benchmarks._encoding import Floats, Sample
from benchmarks._samples import VIEWS, samples
from benchmarks._shares import share

LARGEST = 1e6  # values beyond are as good as that
SETTINGS = {  # the first that were tried; none was chosen by the score
    "max_iter": 60,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 8,
    "learning_rate": 0.1,
    "l2_regularization": 1.0,
    "early_stopping": False,
    "random_state": 0,
}


def values(found: Sequence[Sample], names: Sequence[str]) -> Floats:
    """The sign values [runs, signs], NaN where one was not read."""
    rows = [[np.nan if (v := s.values.get(name)) is None else v for name in names] for s in found]
    return np.clip(np.array(rows, dtype=np.float64), -LARGEST, LARGEST)


def ranked(fitted: Sequence[Sample], held: Sequence[Sample]) -> list[list[str]]:
    """The causes of each held-out run, the likeliest first, by a forest that was trained on the others.

    A training with two causes takes part once for each of them, with half the weight.
    """
    known = sorted({name for s in fitted for name in s.values})
    told = [name for name in known if len({s.values.get(name) for s in fitted} - {None}) > 1]
    rows = [(i, cause, 1 / len(s.given)) for i, s in enumerate(fitted) for cause in sorted(s.given)]
    index, causes, worth = (list(column) for column in zip(*rows, strict=True))
    forest = HistGradientBoostingClassifier(**SETTINGS)
    forest.fit(values(fitted, told)[index], causes, sample_weight=worth)
    order = np.argsort(-forest.predict_proba(values(held, told)), axis=1)
    return [[str(forest.classes_[c]) for c in row] for row in order]


def main() -> None:
    """Prints how often the forest is right, first and among three."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--out", type=Path, nargs="+", default=[Path(".calibration")], help="folders of the trainings"
    )
    parser.add_argument("--logs", type=Path, nargs="+", default=[], help="more, of which logs only are used")
    parser.add_argument("--jobs", type=int, help="processes that gather; as many as there are cores")
    options = parser.parse_args()
    for view in VIEWS:
        more = options.logs if view == "log" else []
        fitted = samples([*options.out, *more], view, "fit", options.jobs)
        held = samples(options.out, view, "test", options.jobs)
        found = list(zip(held, ranked(fitted, held), strict=True))
        faulty = [(s, order) for s, order in found if "healthy" not in s.given]
        print(f"\n{view}: fitted to {len(fitted)}")
        for name, of, first in (
            ("faulty, first answer right", faulty, 1),
            ("faulty, right among three", faulty, 3),
            ("all, first answer right", found, 1),
        ):
            hits = sum(bool({*order[:first]} & (s.allowed | s.given)) for s, order in of)
            print(f"| {name} | {share(hits, len(of))} |")


if __name__ == "__main__":
    main()
