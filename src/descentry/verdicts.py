"""What findings amount to: the verdict, its headline, what to do next, and what was not examined."""

from __future__ import annotations

from collections.abc import Sequence

from descentry.behaviours._curve import MIN_POINTS, Curve
from descentry.core import catalog
from descentry.core.data import Convergence, Finding, Verdict

ALWAYS = "Why the curve does this is not examined: a log alone does not show gradients, weights or data."


def verdict(findings: Sequence[Finding], enough: bool) -> Verdict:
    """The gravest concern of any finding; a curve too short for a story is not examined."""
    concerns = {f.concern for f in findings}
    if "failing" in concerns:
        return "failing"
    if not enough:
        return "not examined"
    return "attention" if "attention" in concerns else "healthy"


def headline(verdict: Verdict, findings: Sequence[Finding], end: Convergence, curve: Curve) -> str:
    """The verdict in one sentence: the finding that says most about it."""
    if verdict == "not examined":
        name, points = curve.series.name, len(curve.level)
        return f"{points} points of {name} are too few for a story: at least {MIN_POINTS} are needed."
    serious = [f for f in findings if f.concern == verdict]
    if verdict in {"failing", "attention"} and serious:
        entries = catalog.entries("behaviours")
        return min(serious, key=lambda f: entries[f.behaviour].precedence).sentence
    fall = next((f for f in findings if f.behaviour.endswith("decrease")), None)
    if fall is not None:
        states = {"converged": " and has converged", "still-improving": " and is still improving"}
        way = "rises" if curve.rising else "falls"
        return f"{curve.series.name} {way} as it should{states.get(end.status, '')}."
    return "Nothing in this curve calls for action."


def next_steps(verdict: Verdict, findings: Sequence[Finding], end: Convergence) -> tuple[str, ...]:
    """At most three things to do, the gravest concern first; nothing is one of them."""
    entries = catalog.entries("behaviours")
    order = {"failing": 0, "attention": 1, "none": 2}
    steps = [entries[f.behaviour].advice for f in sorted(findings, key=lambda f: order[f.concern])]
    kept = list(dict.fromkeys(s for s in steps if s))
    if not kept and verdict == "healthy":
        going = end.status == "still-improving"
        kept = [
            "Nothing is wrong. Let it run on if you can afford it."
            if going
            else "Nothing. Leave the run alone."
        ]
    if verdict == "not examined":
        kept = ["Explain it again when more points have been logged."]
    return tuple(kept[:3])


def not_examined(curve: Curve, *, enough: bool, guessed: bool) -> list[str]:
    """What was not looked at, and why; ``guessed`` says that the metric's direction was."""
    notes = []
    if guessed:
        way, option = ("rise", "lower") if curve.rising else ("fall", "higher")
        notes.append(
            f"Whether {curve.series.name} should {way}: its name does not say, and it is judged so. "
            f"If not, say --{option}-is-better."
        )
    if not enough:
        notes.append(
            f"The shape of the curve: it has {len(curve.level)} finite points and {MIN_POINTS} are needed."
        )
    if curve.validation is None and enough:
        notes.append("Overfitting: the log has no validation series for this metric.")
    notes.append("Whether updates had become small: the sizes of the updates are not judged from a log.")
    notes.append(ALWAYS)
    return notes
