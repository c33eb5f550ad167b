"""Undo a return that did not help.

## What it does

After a return the very same weights that were doing well are trained on. If their loss is no lower than the
one that they were brought back from, the trouble is not in the weights (the data have become harder, the
loss has another term): then the return is undone, and so is the cut.

## When it decides

Three losses after a return that a rise brought about.

## What it changes

The training goes on as it was before the return; the rise counts as the new level.

## When it holds back

When one of them is back below half of the way. When it was no number: there is nothing to go back to.

## Sources

A rule on averages alone fires falsely, and has to be verified from the kept state:
docs/decisions/0012-pilot.md.
"""

from __future__ import annotations

from descentry.control.policies._entry import Case, Known, Policy, decided
from descentry.core.data import Decision


def decide(known: Known) -> Decision | None:
    """Undoes the return, or does nothing."""
    if known.proof is None or known.broken:
        return None
    meant, left = known.mark
    if known.proof <= 0.5 * (meant + left):
        return None
    said = (
        f"Back at the weights of before the rise the loss is {known.proof:.4g}, and not {meant:.4g}: "
        "the rise is not in the weights, so the return is undone."
    )
    return decided(
        "take-back", known, said, {"restore": "left"}, "roll-back", "The loss goes on at its new level.",
        proof=known.proof, meant=meant, left=left,
    )  # fmt: skip


POLICY = Policy(
    id="take-back",
    title="undo a return that did not help",
    turn=30,
    decide=decide,
    cases=(
        Case(
            "it is as high as before",
            Known(300, 8.0, phase="proving", proof=7.9, mark=(1.0, 8.0)),
            {"restore": "left"},
        ),
        Case("it is low again", Known(300, 1.2, phase="proving", proof=1.1, mark=(1.0, 8.0)), None),
        Case("not proved yet", Known(300, 1.2, phase="proving"), None),
    ),
)
