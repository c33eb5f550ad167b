"""Leave out one bad batch.

## What it does

A step whose loss is no number, or out of all proportion, is not made where it can still be left out. Where
it has been made already and the loss is no number, the training goes back to the last kept state at the
same rate: the batch has been passed by then. Where the next loss at that state is no number either, the
rate cannot be why, and it goes back again; the third time to an earlier state, lest that one is spoilt.

## When it decides

When a single loss breaks while the level before it was calm; when the `spike` monitor alarms before the
step is made.

## What it changes

Nothing but that step (its gradients are dropped, so that the optimizer has nothing to do), or the steps
since the last kept state.

## When it holds back

When three batches in a row were left out: then it is not the batch. When the run was put back a short while
ago and did well at first, or its level had been rising: `roll-back` is for that. When one more loss at the
state that was put back is no number: `hand-over` is for that. A spike whose step has been made is let be:
most recover by themselves.

## Sources

Chowdhery et al. 2022, *PaLM*, section 5.1: going back and skipping batches cured their spikes, and the
batches were not bad from other states. The three in a row are a choice.
"""

from __future__ import annotations

from math import isnan, nan

from descentry.control.monitors import Alarm
from descentry.control.policies._entry import Case, Known, Policy, before, decided
from descentry.core.data import Decision

IN_A_ROW = 3
RECENTLY = 200  # steps within which two returns belong together
NEAR = 2.0  # times the best level: not rising yet


def decide(known: Known) -> Decision | None:
    """Leaves the batch out, or does nothing."""
    spike = known.alarms.get("spike")
    if not (known.broken or (known.offered and spike is not None)):
        return None
    if known.offered:
        if known.skips >= IN_A_ROW:
            return None
        before_it = "" if isnan(known.level) else f", from {known.level:.4g} before"
        said = f"The loss of step {known.step:,} is {known.loss:.4g}{before_it}: that step is left out."
        return decided(
            "bad-batch",
            known,
            said,
            {"skip": True},
            "guard-batches",
            "The next losses are as before.",
            level=known.level,
        )
    lately = known.sound and known.returns and known.step - known.returns[-1] <= RECENTLY
    rising = known.best > 0.0 and known.level > NEAR * known.best and known.level - known.best > known.noise
    back = before(known, known.step)
    if lately or rising or back is None or known.phase == "start":
        return None
    earlier = [k for k in known.kept if k < back]
    if not known.sound and known.bad >= IN_A_ROW and earlier:
        back = max(earlier)
    was = "" if isnan(known.level) else f", and was {known.level:.4g} before it"
    said = (
        f"The loss of step {known.step:,} is {known.loss}{was}: "
        f"back to how it was after {back:,} steps, past that batch, at the same rate."
    )
    look_for = "The run passes the place without trouble."
    return decided("bad-batch", known, said, {"restore": back}, "guard-batches", look_for, level=known.level)


_BROKEN = {"non-finite": Alarm("non-finite", 300, 300, 0.0, 0.0, "")}
_SPIKE = {"spike": Alarm("spike", 300, 300, 20.0, 15.0, "")}

POLICY = Policy(
    id="bad-batch",
    title="leave out one bad batch",
    turn=10,
    decide=decide,
    cases=(
        Case("NaN before the step", Known(300, nan, alarms=_BROKEN, offered=True), {"skip": True}),
        Case("a spike before the step", Known(300, 90.0, alarms=_SPIKE, offered=True), {"skip": True}),
        Case("a spike after the step", Known(300, 90.0, alarms=_SPIKE), None),
        Case("NaN out of calm", Known(300, nan, alarms=_BROKEN, kept=(200, 250)), {"restore": 250}),
        Case("NaN after a rise", Known(300, nan, alarms=_BROKEN, kept=(250,), level=5.0), None),
        Case("NaN again", Known(300, nan, alarms=_BROKEN, kept=(250,), returns=(260,)), None),
        Case(
            "NaN before any loss was a number again",
            Known(261, nan, alarms=_BROKEN, kept=(200, 250), returns=(260,), sound=False, bad=2),
            {"restore": 250},
        ),
        Case(
            "and again: that state may be spoilt",
            Known(262, nan, alarms=_BROKEN, kept=(200, 250), returns=(261,), sound=False, bad=3),
            {"restore": 200},
        ),
        Case("the fourth in a row", Known(300, nan, alarms=_BROKEN, offered=True, skips=3), None),
    ),
)
