"""Give the training back after too many interventions.

## What it does

The pilot puts the training back to the last good state, advises to stop, and decides nothing more. Where it
is asked before each step (`check`), steps whose loss is no number go on being left out.

## When it decides

When a loss runs away or breaks and the interventions are used up. When it is no number before any step was
made, or four times in a row and still so after a return: at those weights it was a number, so it is the
data or the loss, and no rate cures that. When it runs away again although four returns in a row have cut
the rate to a three-thousandth: it is not the rate, which then is put back to what it was.

## What it changes

The weights go back to a kept state, where there is one. `should_stop` becomes true.

## When it holds back

While interventions are left.

## Sources

That a guard must not act for ever on a training that it cannot cure is the experience of metaseq#521 and
llm-foundry#1473, where runs were rolled back again and again into the same trouble.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

from descentry.control.monitors import Alarm
from descentry.control.policies._entry import Case, Known, Policy, before, decided
from descentry.control.policies.bad_batch import IN_A_ROW
from descentry.core.data import Decision

FUTILE = 4  # returns in a row


def decide(known: Known) -> Decision | None:
    """Gives up, or does nothing."""
    if known.offered:
        return None
    failed = "blind" in known.found
    spoilt = known.broken and not known.sound and known.bad > IN_A_ROW
    futile = known.risen and not known.broken and known.futile >= FUTILE
    if not (failed or spoilt or futile) and not ((known.broken or known.risen) and known.acts >= known.most):
        return None
    back = max(known.kept, default=None) if spoilt else before(known, known.calm)
    change: dict[str, Any] = {"hand_over": True} if back is None else {"hand_over": True, "restore": back}
    if failed:
        why = "The loss is no number before any step was made, so the rate is not what is wrong"
    elif spoilt:
        why = (
            f"The loss is {known.loss} for the {known.bad}th time in a row, and it was a number at these "
            "weights, so it is the data or how the loss is computed, and not the rate"
        )
    elif futile:
        change["lr_factor"] = known.undone
        why = (
            f"The loss has come up to {known.level:.4g} again, although the rate was cut {known.futile} "
            "times, so it is not the rate, which is what it was before these cuts"
        )
    else:
        why = f"{known.acts} interventions did not settle this run"
    said = f"{why}. The training is yours again" + (
        f", as it was after {back:,} steps." if back is not None else "."
    )
    return decided(
        "hand-over", known, said, change, "roll-back", "Nothing more is changed.", acts=float(known.acts)
    )


_BROKEN = {"non-finite": Alarm("non-finite", 500, 500, inf, inf, "")}

_RISES = Known(
    500, 9.0, level=9.0, alarms={"risen": Alarm("risen", 500, 450, 0.0, 0.0, "")}, kept=(400,), calm=450
)

POLICY = Policy(
    id="hand-over",
    title="give the training back after too many interventions",
    turn=0,
    decide=decide,
    cases=(
        Case(
            "used up, and it breaks again",
            Known(500, inf, alarms=_BROKEN, acts=10, kept=(100, 400), calm=450),
            {"hand_over": True, "restore": 400},
        ),
        Case(
            "the loss is no number to begin with",
            Known(1, inf, found={"steps": 1.0, "blind": 1.0, "given": 0.1}, kept=(0,)),
            {"hand_over": True, "restore": 0},
        ),
        Case(
            "no number again and again, at weights with which it was one",
            Known(404, inf, alarms=_BROKEN, kept=(350,), returns=(403,), sound=False, bad=4, calm=399),
            {"hand_over": True, "restore": 350},
        ),
        Case(
            "it rises again at a three-thousandth of the rate",
            replace(_RISES, futile=4, undone=3000.0),
            {"hand_over": True, "restore": 400, "lr_factor": 3000.0},
        ),
        Case("it rises again at a thirtieth", replace(_RISES, futile=2, undone=30.0), None),
        Case("before the step is made", Known(500, inf, alarms=_BROKEN, acts=10, offered=True), None),
        Case("used up, and all is well", Known(500, 1.0, acts=10), None),
    ),
)
