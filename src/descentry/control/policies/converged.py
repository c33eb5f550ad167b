"""Stop when the loss has come to rest, and say what stopping forgoes.

## What it does

Sets `should_stop`, once cutting the rate has brought what it could and the forecast sees nothing worth
going on for. How much lower twice as many steps would be expected to bring the loss is part of the
decision, with its 90% interval.

## When it decides

When the `converged` or the `no-longer-improving` monitor alarms, cuts are spent, and the forecast does not
call going on worth it. Where the loss is all but zero, so that the rate is not cut, only `converged` counts,
and only where the loss does not go on falling either, slowly as it may be.

## What it changes

Nothing: the loop looks at `should_stop`. Where a schedule is at work it is advice only, because a rate that
still falls brings the loss down with it; and no advice before the rate has come down to a tenth.

## When it holds back

Where the pilot lets the rate fall to the end of a stated length: that length was the user's decision. Where
the loss is not at rest but on its way up.

## Sources

The forecast and how often its intervals hold: docs/decisions/0006-forecast.md, docs/benchmarks.md.
"""

from __future__ import annotations

from dataclasses import replace

from descentry.control.monitors import Alarm
from descentry.control.policies._entry import Case, Known, Policy
from descentry.control.policies.plateau import all_but_zero, spent
from descentry.core.data import Decision, Forecast, Remedy

SLIGHT = 0.01  # of the loss: a gain below it is not worth its digits
LOW = 0.1  # of the highest rate: by then a schedule has brought most of what it will


def decide(known: Known) -> Decision | None:
    """Stops, or does nothing."""
    alarm = known.alarms.get("converged") or known.alarms.get("no-longer-improving")
    if alarm is None or known.stopped or known.schedule == "pilot" or known.first - known.best <= known.noise:
        return None
    if known.calm < known.step or (known.schedule == "own" and known.share > LOW):
        return None
    at_zero = all_but_zero(known) and "converged" in known.alarms and not known.falling(alarm.onset)
    done = spent(known) or at_zero
    if known.schedule == "constant" and not done and known.acts < known.most:
        return None
    ahead = known.outlook()
    if ahead is not None and ahead.worth == "worth it":
        return None
    acts = known.schedule == "constant"
    said = f"Since about step {alarm.onset:,} the loss rests at {known.level:.4g}. {_forgone(ahead)}"
    if not acts:
        said += " The schedule is yours, so this is advice."
    numbers = {"loss": known.loss, "level": known.level, "since": float(alarm.onset), **_numbers(ahead)}
    remedy = Remedy(
        "stop-early", {"stop_at": known.step}, said, "Nothing is lost that is worth its time.",
        "automatic" if acts else "advise",
    )  # fmt: skip
    return Decision(known.step, "converged", said, remedy, numbers, applied=acts)


def _forgone(ahead: Forecast | None) -> str:
    if ahead is None or ahead.current is None or ahead.expected is None:
        return "You may stop; what that forgoes could not be forecast."
    low, high = ahead.expected.low, ahead.expected.high
    forgone = ahead.current.value - ahead.expected.value
    much = f"{forgone:.2g}" if forgone > SLIGHT * abs(ahead.current.value) else "next to nothing"
    return (
        f"{ahead.horizon:,} steps more are expected to bring it to {ahead.expected.value:.4g} "
        f"({low:.4g} to {high:.4g}, 90%): you may stop, and stopping forgoes {much}."
    )


def _numbers(ahead: Forecast | None) -> dict[str, float]:
    if ahead is None or ahead.current is None or ahead.expected is None:
        return {}
    now, then = ahead.current.value, ahead.expected
    return {
        "forgone": now - then.value,
        "forgone_low": now - then.high,
        "forgone_high": now - then.low,
        "horizon": float(ahead.horizon),
    }


_ALARM = {"converged": Alarm("converged", 900, 600, 9.0, 8.0, "")}
_REST = Known(900, 0.2, best=0.2, level=0.2, calm=900, alarms=_ALARM)

POLICY = Policy(
    id="converged",
    title="stop when the loss has come to rest",
    turn=50,
    decide=decide,
    cases=(
        Case(
            "cuts are spent",
            replace(_REST, cuts=(400,), paid=0.01),
            {"stop_at": 900},
        ),
        Case("cuts are not", _REST, None),
        Case("all but zero", replace(_REST, best=0.004, level=0.004), {"stop_at": 900}),
        Case(
            "all but zero, and falling", replace(_REST, best=0.004, level=0.004, falling=lambda _: True), None
        ),
        Case("at the end of a schedule", replace(_REST, schedule="own", share=0.05), {"stop_at": 900}),
        Case("in the middle of a schedule", replace(_REST, schedule="own"), None),
        Case("on its way up", replace(_REST, cuts=(400,), paid=0.01, calm=880), None),
        Case("to a stated length", replace(_REST, schedule="pilot"), None),
    ),
)
