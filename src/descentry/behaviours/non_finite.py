"""The loss becomes NaN or infinite.

## What it is

Values that are not numbers: NaN, or an infinity. Once the weights hold one, every later loss does too.

## How it shows

As `nan` or `inf` in a log; in tables often as cells that are empty while the run goes on.

## How it is judged

Any such value counts. When the last point of the run is one, or the cells stay empty to the end, the run is
failing; when finite values follow, single batches were to blame, and that deserves attention.

## When it is fine

Mixed-precision training with a loss scaler skips steps with non-finite gradients on purpose; the loss that
is logged is finite all the same. A NaN in a metric that has nothing to average (a class without samples) is
no failure of the training.

## Sources

IEEE 754: a NaN spreads through every sum and product that it enters.
"""

from __future__ import annotations

import numpy as np

from descentry.behaviours._cases import descend, noisy
from descentry.behaviours._curve import Curve
from descentry.behaviours._entry import Behaviour, Case
from descentry.behaviours._words import steps
from descentry.core.data import Finding, Floats


def find(curve: Curve) -> list[Finding]:
    """One finding over all that is not finite, from the first such step to the last."""
    value, step = curve.series.value, curve.series.step
    empty = next((g for g in curve.gaps if g.kind == "empty-cells" and g.start is not None), None)
    if not curve.reduced.bad and empty is None:
        return []
    bad = np.flatnonzero(~np.isfinite(value))
    count = len(bad) + (empty.count if empty else 0)
    start = int(step[bad[0]]) if len(bad) else int(empty.start or 0) if empty else 0
    stop = int(empty.stop or start) if empty else int(step[bad[-1]])
    final = empty is not None or (len(bad) > 0 and bad[-1] == len(value) - 1)
    kinds = _kinds(value[bad], empty is not None)
    if len(bad) == len(value):
        sentence = f"{curve.series.name} is {kinds} from the first step that was logged to the last."
    elif final:
        ending = "and stays so to the end" if count > 1 else "and the log ends there"
        sentence = f"{curve.series.name} becomes {kinds} at {steps(curve, start, start)} {ending}."
    else:
        sentence = (
            f"{curve.series.name} is {kinds} at {count:,} points over {steps(curve, start, stop)}, "
            "with finite values after them."
        )
    return [
        Finding(
            "non-finite",
            curve.series.name,
            start,
            stop,
            None,
            0.99,
            sentence,
            "failing" if final else "attention",
        )
    ]


def _kinds(values: Floats, empty: bool) -> str:
    """What the values are, in the order in which a run that overflows goes through them."""
    names = [name for name, test in (("infinite", np.isinf), ("NaN", np.isnan)) if test(values).any()]
    if empty:
        names.append("NaN (left empty, as tables do)")
    return ", then ".join(names)


BEHAVIOUR = Behaviour(
    id="non-finite",
    title="the loss becomes NaN or infinite",
    find=find,
    precedence=1,
    advice=(
        "Look at the last finite steps: the learning rate and the gradient norm there, and the batch "
        "that came next. Restart from a checkpoint before them with a smaller rate or with gradient "
        "clipping."
    ),
    seen_in=(
        Case("ends in NaN", lambda: [*descend(60), *[float("nan")] * 5]),
        Case("one infinity in the middle", lambda: [*descend(60), float("inf"), *noisy(60, level=0.2)]),
    ),
    quiet_on=(
        Case("a large but finite loss", lambda: [*descend(60), 1e30]),
        Case("a healthy run", lambda: noisy(200)),
    ),
)
