"""Cut the rate on a plateau.

## What it does

At a constant rate the loss comes to rest on the noise that the rate itself makes. The rate is cut to three
tenths, up to three times, as long as a cut pays.

## When it decides

When the `no-longer-improving` or the `converged` monitor alarms after the loss has fallen.

## What it changes

The multiplier on the schedule.

## When it holds back

Where the loss goes on falling, slowly as it may be: then it is not noise that holds it up, and a lower rate
makes it slower still. Where a schedule already lowers the rate, the training's own or the pilot's. Where
the last cut brought less than 3.5% of the whole gain: `converged` is for that. Where the loss is positive
and below a hundredth of what it was before training: so near to zero the noise falls with the loss, and a
lower rate only slows it. Where the loss never fell: `find-rate` is.

## Sources

Robbins and Monro 1951. What counts as a gain is that of the monitor (docs/decisions/0008-monitors.md).
Three tenths and three times are choices; plateau schedulers usually cut to a tenth and have no bound.
"""

from __future__ import annotations

from descentry.control.monitors import Alarm
from descentry.control.policies._entry import Case, Known, Policy, decided, lowered
from descentry.core.data import Decision

CUT = 0.3
MOST = 3
PAID = 0.035  # of the whole gain
ZERO = 0.01  # of the loss before training


def spent(known: Known) -> bool:
    """Whether cutting the rate has been tried, and brings nothing more."""
    return len(known.cuts) >= MOST or (bool(known.cuts) and known.paid < PAID)


def all_but_zero(known: Known) -> bool:
    """Whether the loss has come so near to zero that no noise holds it up."""
    return 0.0 < known.best < ZERO * known.first


def decide(known: Known) -> Decision | None:
    """Cuts the rate, or does nothing."""
    alarm = known.alarms.get("no-longer-improving") or known.alarms.get("converged")
    if (
        alarm is None
        or known.schedule != "constant"
        or spent(known)
        or all_but_zero(known)
        or known.first - known.best <= known.noise
    ):
        return None
    if known.acts >= known.most:
        return None
    if known.falling(alarm.onset):
        return None
    rate = known.rate * CUT
    said = (
        f"Since about step {alarm.onset:,} the loss no longer falls at a pace worth having: "
        f"on at {lowered(known, CUT, 'three tenths')}."
    )
    return decided(
        "plateau", known, said, {"lr_factor": CUT}, "decay-lr", "The loss gets calmer, and sinks.",
        rate=rate, level=known.level, since=float(alarm.onset),
    )  # fmt: skip


_ALARM = {"no-longer-improving": Alarm("no-longer-improving", 900, 600, 9.0, 8.0, "")}

POLICY = Policy(
    id="plateau",
    title="cut the rate on a plateau",
    turn=40,
    decide=decide,
    cases=(
        Case("the first", Known(900, 0.2, best=0.2, level=0.2, alarms=_ALARM), {"lr_factor": CUT}),
        Case(
            "after a cut that paid",
            Known(900, 0.2, best=0.2, alarms=_ALARM, cuts=(400,), paid=0.2),
            {"lr_factor": CUT},
        ),
        Case(
            "after a cut that did not", Known(900, 0.2, best=0.2, alarms=_ALARM, cuts=(400,), paid=0.01), None
        ),
        Case(
            "a slow fall",
            Known(900, 0.2, best=0.2, level=0.2, alarms=_ALARM, falling=lambda _: True),
            None,
        ),
        Case("all but zero", Known(900, 0.004, best=0.004, level=0.004, alarms=_ALARM), None),
        Case("under a schedule", Known(900, 0.2, best=0.2, alarms=_ALARM, schedule="own"), None),
    ),
)
