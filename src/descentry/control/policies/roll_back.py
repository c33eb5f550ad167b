"""Go back to before the trouble, and on at a lower rate.

## What it does

When the loss runs away, the training is put back to the last state kept before that began, and the rate is
cut to a third; to a tenth where it was put back a short while ago, and then also to an earlier state.

## When it decides

When the `diverging` monitor alarms; when the level has risen to more than four times its best, by more than
half of the loss before training, and by more than the noise; when the loss is no number and `bad-batch`
holds back.

## What it changes

Weights, buffers and the optimizer's memory go back, and the multiplier on the schedule is cut. Random
streams, data and schedules go on.

## When it holds back

When nothing is kept. Whether the trouble was in the weights at all is proved afterwards: see `take-back`.

## Sources

The rule on the level: fast.ai's fourfold average, with the absolute rise without which it fires falsely on
tiny losses (measured before this was built: docs/decisions/0012-pilot.md). A third, then a tenth: the
remedy `lower-lr`.
"""

from __future__ import annotations

from math import nan

from descentry.control.monitors import Alarm
from descentry.control.policies._entry import Case, Known, Policy, before, decided, lowered
from descentry.control.policies.bad_batch import RECENTLY
from descentry.core.data import Decision

CUT, DEEPER = 1 / 3, 1 / 10


def decide(known: Known) -> Decision | None:
    """Goes back, or does nothing."""
    if known.offered or not (known.broken or known.risen):
        return None
    again = bool(known.returns) and known.step - known.returns[-1] <= RECENTLY
    onset = min([known.calm, *(a.onset for a in known.alarms.values())])
    if again and any(k < known.returns[-1] for k in known.kept):
        onset = min(onset, max(k for k in known.kept if k < known.returns[-1]))
    back = before(known, onset)
    if back is None:
        return None
    cut = DEEPER if again else CUT
    rate = known.rate * cut
    what = (
        f"is {known.loss}"
        if known.broken
        else f"has come up to {known.level:.4g}, from {known.best:.4g} at best"
    )
    said = (
        f"The loss {what}: back to how it was after {back:,} steps, "
        f"and on at {lowered(known, cut, 'a tenth' if again else 'a third')}."
    )
    return decided(
        "roll-back", known, said, {"restore": back, "lr_factor": cut}, "roll-back",
        "The loss goes on from where it was, and passes the place.", level=known.level, best=known.best,
        rate=rate, onset=float(onset),
    )  # fmt: skip


_RISEN = {"risen": Alarm("risen", 300, 280, 0.0, 0.0, "")}
_BROKEN = {"non-finite": Alarm("non-finite", 300, 300, 0.0, 0.0, "")}

POLICY = Policy(
    id="roll-back",
    title="go back to before the trouble, and on at a lower rate",
    turn=20,
    decide=decide,
    cases=(
        Case("a rise", Known(300, 9.0, level=8.0, alarms=_RISEN, kept=(200, 250, 300), calm=281),
             {"restore": 250, "lr_factor": CUT}),
        Case("NaN after a rise", Known(300, nan, level=8.0, alarms=_BROKEN, kept=(200, 250), calm=240),
             {"restore": 200, "lr_factor": CUT}),
        Case("again", Known(300, 9.0, level=8.0, alarms=_RISEN, kept=(150, 200), calm=281, returns=(200,)),
             {"restore": 150, "lr_factor": DEEPER}),
        Case("nothing kept", Known(300, 9.0, level=8.0, alarms=_RISEN), None),
        Case("all is well", Known(300, 1.0, kept=(250,)), None),
    ),
)  # fmt: skip
