"""Another tool that watches live models, on held-out trainings of the zoo, which are made again for it.

    python -m benchmarks.live_peers --out .calibration [MORE ...] --count 120

``neuraldbg`` records events by layer; what causes them is told by an engine that is not published. So its
events are what counts, the first that is not a return to normal above all, and each counts for every cause
that it could mean.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from benchmarks._peers import Said
from benchmarks._samples import cells
from benchmarks._shares import share
from benchmarks.zoo import shards
from benchmarks.zoo.loop import train
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.splitting import split
from benchmarks.zoo.training import Training, build
from descentry.core.data import Run

CALM = {"healthy", "normal", "stable"}
MEANING: Mapping[str, frozenset[str]] = {
    "vanishing": frozenset(
        {"vanishing-gradients", "flat-region", "dead-units", "no-gradient", "init-too-small", "lr-too-low"}
    ),
    "exploding": frozenset(
        {"exploding-gradients", "lr-too-high", "target-scaling", "loss-reduction", "feature-scaling"}
        | {"init-too-large", "gradients-not-zeroed", "unstable-numerics"}
    ),
    "saturated": frozenset({"flat-region", "vanishing-gradients", "init-too-large", "feature-scaling"}),
    "dead": frozenset({"dead-units", "lr-too-high", "no-gradient"}),
    "anomalous": frozenset({"unstable-numerics", "exploding-gradients", "lr-too-high", "bad-batch"}),
    "loss_plateau": frozenset(
        {"lr-too-low", "flat-region", "no-gradient", "vanishing-gradients", "init-symmetric", "dead-units"}
        | {"capacity-or-data", "shape-broadcast", "over-regularised"}
    ),
    "loss_spike": frozenset(
        {"bad-batch", "lr-too-high", "resume-artefact", "schedule-event", "overshooting"}
    ),
    "diverging": frozenset({"lr-too-high", "unstable-numerics", "exploding-gradients", "bad-batch"}),
    "nan_detected": frozenset({"bad-batch", "unstable-numerics", "exploding-gradients", "lr-too-high"}),
    "inf_detected": frozenset({"bad-batch", "unstable-numerics", "exploding-gradients", "lr-too-high"}),
    "distribution_shift": frozenset({"bad-batch", "feature-scaling", "resume-artefact"}),
}


class _Watched:
    """``neuraldbg`` in the place of a watch, called as its documentation says."""

    def __init__(self, training: Training) -> None:
        import neuraldbg

        self._tool = neuraldbg.NeuralDbg(training.model)
        self._tool.__enter__()
        self.states: list[str] = []

    def step(self, loss: Tensor) -> None:
        self._tool.record_loss(float(loss))
        self._tool.step_iteration()

    def log(self, **metrics: float) -> None:
        """It takes no metrics."""

    def run(self) -> Run:
        self._tool.__exit__(None, None, None)
        states = [getattr(event.to_state, "value", event.to_state) for event in self._tool.get_events()]
        self.states = [str(state) for state in states if str(state) not in CALM]
        return Run("", "", ())


def said(spec: Spec) -> Said:
    """What it says to one training; refused where it breaks the training or breaks in it."""
    kept: list[_Watched] = []

    def observe(training: Training) -> _Watched:
        kept.append(_Watched(training))
        return kept[0]

    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            train(build(spec), observe)
    except Exception:  # noqa: BLE001 - whatever stops it, it has nothing to say
        return Said(refused=True)
    meant = [MEANING.get(state, frozenset()) for state in kept[0].states]
    return Said(meant[0], frozenset().union(*meant), alarm=True) if meant else Said()


def chosen(folders: Sequence[Path], count: int) -> list[shards.Sample]:
    """So many held-out trainings, spread evenly over the cells."""
    held = [s for path in cells(folders) for s in shards.read(path) if split(s.spec) == "test"]
    return held[:: max(1, len(held) // count)][:count]


def main() -> None:
    """Prints its row of the table of peers."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--out", type=Path, nargs="+", default=[Path(".calibration")], help="folders of the trainings"
    )
    parser.add_argument("--count", type=int, default=120, help="how many trainings are made again")
    options = parser.parse_args()
    found = [(s.labels, said(s.spec)) for s in chosen(options.out, options.count)]
    faulty, healthy = ([f for f in found if f[0].healthy is is_well] for is_well in (False, True))
    n, m = len(faulty), len(healthy)
    print(f"| faulty: first right | {share(sum(bool(s.first & t.allowed) for t, s in faulty), n)} |")
    print(f"| faulty: any right | {share(sum(bool(s.any & t.allowed) for t, s in faulty), n)} |")
    print(f"| faulty: refused | {share(sum(s.refused for _, s in faulty), n)} |")
    print(f"| healthy: alarm | {share(sum(s.alarm for _, s in healthy), m)} |")


if __name__ == "__main__":
    main()
