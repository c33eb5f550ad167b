"""Give the training back after too many interventions.

## What it does

Once as many interventions were made as are allowed, the pilot puts the training back to the last good
state, advises to stop, and does nothing more.

## When it decides

When a loss runs away or breaks and the interventions are used up; or when it is no number before any step
was made.

## What it changes

The weights go back to a kept state, where there is one. `should_stop` becomes true.

## When it holds back

While interventions are left.

## Sources

That a guard must not act for ever on a training that it cannot cure is the experience of metaseq#521 and
llm-foundry#1473, where runs were rolled back again and again into the same trouble.
"""

from __future__ import annotations

from math import inf

from descentry.control.monitors import Alarm
from descentry.control.policies._entry import Case, Known, Policy, before, decided
from descentry.core.data import Decision


def decide(known: Known) -> Decision | None:
    """Gives up, or does nothing."""
    failed = "blind" in known.found
    if not failed and not ((known.broken or known.risen) and known.acts >= known.most):
        return None
    back = before(known, known.calm)
    change = {"hand_over": True} if back is None else {"hand_over": True, "restore": back}
    why = (
        "The loss is no number before any step was made, so the rate is not what is wrong"
        if failed
        else f"{known.acts} interventions did not settle this run"
    )
    said = f"{why}: it is yours again" + (f", as it was after {back:,} steps." if back is not None else ".")
    return decided(
        "hand-over", known, said, change, "roll-back", "Nothing more is changed.", acts=float(known.acts)
    )


_BROKEN = {"non-finite": Alarm("non-finite", 500, 500, inf, inf, "")}

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
        Case("used up, and all is well", Known(500, 1.0, acts=10), None),
    ),
)
