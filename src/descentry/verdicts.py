"""What findings amount to: the verdict, its headline, what to do next, and what was not examined."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from descentry.behaviours._curve import MIN_POINTS, Curve
from descentry.causes._weights import table
from descentry.core import catalog
from descentry.core.data import Concern, Convergence, Diagnosis, Finding, Verdict
from descentry.core.words import chance
from descentry.diagnosis import supported

ALWAYS = (
    "Gradients, weights and data: a log alone does not show them, and much of why a curve does what it does "
    "lies there. `descentry run SCRIPT` looks at them, in 200 steps as well as in a whole run."
)
CONTESTED = (
    "{name} does not tell how training goes: it is one side of a contest, or its data change with the model. "
    "Nothing in it calls for action."
)
BETTER_METRIC = (
    "Explain a metric that tells progress: a reward, a score of samples (such as FID), a loss on held-out "
    "data. On the command line: `--metric NAME`."
)
BEYOND = 20.0  # times the range before it: a run-away on any scale, as in behaviours/_curve.py
MOST_STEPS = 3
# Above these a cause speaks for itself; for attention, only where a curve is too short to be weighed.
ATTENTION = 0.8
FAILING = 0.95
# Seldom seen in healthy runs, unlike a loss that hardly moves or swings.
PLAIN = frozenset({"jump-up", "overfitting"})
LIKELY = 0.5  # of nothing being wrong, from which on these disturb nobody either
GRAVITY = {"none": 0, "attention": 1, "failing": 2}


def verdict(
    findings: Sequence[Finding],
    enough: bool,
    diagnoses: Sequence[Diagnosis] = (),
    *,
    watched: bool = False,
    sure: float | None = None,
) -> Verdict:
    """The gravest concern of any finding, or of a cause that is all but certain.

    A curve too short for a story is not examined, unless something in it or in the model is plainly wrong.
    Where causes were weighed, that has the last word on all that does not fail: a run draws attention where
    something almost surely is wrong, the cause known or not, and not for its curve, which is part of that
    evidence. A log tells less: there a loss that steps up, or turns up on held-out data, speaks for itself
    unless nothing is likely wrong.

    Args:
        findings: What the curve does.
        enough: Whether it has the points that a story takes.
        diagnoses: What was weighed; nothing where it was not.
        watched: Whether instruments looked at the model.
        sure: How likely it must be that something is wrong; what was fitted when not given.
    """
    weighed = bool(diagnoses) and enough
    fine = calm(diagnoses)
    aloud = frozenset() if watched or fine >= LIKELY else PLAIN
    seen = {f.concern for f in findings if not weighed or f.concern == "failing" or f.behaviour in aloud}
    concerns = seen | {c for d in diagnoses if (c := _concern(d)) == "failing" or not weighed}
    # That one cause is likely is not yet that something almost surely is wrong.
    if weighed and 1 - fine >= (table(watched).attention if sure is None else sure):
        concerns.add("attention")
    if "failing" in concerns:
        return "failing"
    if "attention" in concerns:
        return "attention"
    return "healthy" if enough else "not examined"


def calm(diagnoses: Sequence[Diagnosis]) -> float:
    """How likely it is that nothing is wrong."""
    return sum(d.probability for d in diagnoses if d.concern == "none")


def calmed(findings: Sequence[Finding], curve: Curve) -> tuple[Finding, ...]:
    """The findings of a curve that need not fall: of concern is that it leaves all bounds, and no more."""

    def concern(finding: Finding) -> Concern:
        if finding.behaviour == "non-finite":
            return finding.concern
        rise = finding.size.value if finding.behaviour == "divergence" and finding.size else 0.0
        return "attention" if rise > BEYOND * curve.range else "none"

    return tuple(replace(f, concern=concern(f)) for f in findings)


def exploring(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of a reward: it swings while a policy explores, which is of no concern in itself.

    Nor is a fall that is no deeper than twice what the swings are.
    """
    swing = max((f.size.value for f in findings if f.behaviour == "oscillation" and f.size), default=0.0)

    def expected(finding: Finding) -> bool:
        fall = finding.size.value if finding.behaviour == "jump-up" and finding.size else math.inf
        return finding.behaviour == "oscillation" or fall <= 2 * swing

    return tuple(replace(f, concern="none") if expected(f) else f for f in findings)


def _concern(diagnosis: Diagnosis) -> Concern:
    if diagnosis.concern == "failing" and diagnosis.probability >= FAILING:
        return "failing"
    return "attention" if diagnosis.concern != "none" and diagnosis.probability >= ATTENTION else "none"


def headline(
    verdict: Verdict,
    findings: Sequence[Finding],
    end: Convergence,
    curve: Curve,
    diagnoses: Sequence[Diagnosis] = (),
) -> str:
    """The verdict in one sentence, and in a second one the likeliest cause where there is one."""
    if verdict == "not examined":
        name, points = curve.series.name, len(curve.level)
        have = "1 point of {} is" if points == 1 else f"{points or 'no'} points of {{}} are"
        return f"{have.format(name)} too few for a story: at least {MIN_POINTS} are needed."
    likely = [d for d in supported(diagnoses) if d.concern != "none"]
    said = _said(verdict, findings, end, curve, calm=not likely or verdict == "healthy")
    if verdict == "healthy" or not likely:
        return said
    return f"{said} Likeliest cause: {likely[0].title} ({chance(likely[0].probability)})."


def _said(
    verdict: Verdict, findings: Sequence[Finding], end: Convergence, curve: Curve, *, calm: bool
) -> str:
    # A cause may be graver than what the curve shows of it, which is told all the same.
    gravest = max((f.concern for f in findings), key=GRAVITY.__getitem__, default="none")
    serious = [f for f in findings if f.concern == gravest != "none"]
    if verdict in {"failing", "attention"} and serious:
        entries = catalog.entries("behaviours")
        return min(serious, key=lambda f: entries[f.behaviour].precedence).sentence
    fall = next((f for f in findings if f.behaviour.endswith("decrease")), None)
    if fall is not None:
        states = {"converged": " and has converged", "still-improving": " and is still improving"}
        way = "rises" if curve.rising else "falls"
        return f"{curve.series.name} {way}{' as it should' if calm else ''}{states.get(end.status, '')}."
    return "Nothing in this curve calls for action." if calm else "The curve alone shows no trouble."


def next_steps(
    verdict: Verdict,
    findings: Sequence[Finding],
    end: Convergence,
    diagnoses: Sequence[Diagnosis] = (),
) -> tuple[str, ...]:
    """At most three things to do: remedies of the likeliest causes, then what the curve advises."""
    if verdict == "not examined":
        return ("Explain it again when more points have been logged.",)
    entries = catalog.entries("behaviours")
    ordered = sorted(findings, key=lambda f: -GRAVITY[f.concern])
    advice = [entries[f.behaviour].advice for f in ordered]
    cures: list[str] = []
    if verdict != "healthy":
        # The first remedy of each cause before the second of any.
        remedies = [d.remedies for d in supported(diagnoses) if d.concern != "none"]
        cures = [r[i].sentence for i in range(MOST_STEPS) for r in remedies if i < len(r)]
    kept = list(dict.fromkeys(s for s in [*cures, *advice] if s))
    if not kept and verdict != "healthy":
        # Something is wrong and no cause stands out: what would help against the likeliest ones.
        open_ones = [d for d in diagnoses if d.status == "undetermined" and d.concern != "none"]
        kept = list(dict.fromkeys(d.remedies[0].sentence for d in open_ones[:MOST_STEPS] if d.remedies))
    if not kept and verdict == "healthy":
        going = end.status == "still-improving"
        kept = [
            "Nothing is wrong. Let it run on if you can afford it."
            if going
            else "Nothing. Leave the run alone."
        ]
    return tuple(kept[:MOST_STEPS])


def not_examined(
    curve: Curve, *, enough: bool, guessed: bool, watched: bool = False, wanted: str = ""
) -> list[str]:
    """What was not looked at, and why.

    Args:
        curve: The curve that the story is about.
        enough: Whether it has the points that a story takes.
        guessed: Whether the metric's direction was.
        watched: Whether instruments looked at the model.
        wanted: The measurement that would settle the most doubt about causes, or nothing.
    """
    notes = []
    if guessed:
        way, option = ("rise", "lower") if curve.rising else ("fall", "higher")
        notes.append(
            f"Whether {curve.series.name} should {way}: its name does not say, and it is judged so. "
            f"If not, say --{option}-is-better."
        )
    if not enough:
        notes.append(f"The shape of the curve: finite points, {len(curve.level)}; needed, {MIN_POINTS}.")
    if curve.validation is None and enough:
        notes.append("Overfitting: the log has no validation series for this metric.")
    if not watched:
        notes.append("Whether updates had become small: the sizes of the updates are not judged from a log.")
        notes.append(ALWAYS)
    elif wanted:
        notes.append(f"What would settle most of the remaining doubt: {wanted}.")
    return notes
