"""From diagnoses to arms: which remedies are worth a trial, and which cannot be tried, with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from descentry.core.data import Diagnosis, Remedy
from descentry.core.errors import DescentryError
from descentry.trials._fork import Fork
from descentry.trials._training import Cannot
from descentry.trials.changes import changes
from descentry.trials.changes._entry import Variant

LIKELY = 0.05  # a cause below this is not worth a trial
CONTROL = "control"

# Why there is no change for a remedy; each is for a person, or shows only in a run of full length.
BY_HAND = {
    "add-normalisation": "it makes another model, with other weights",
    "check-labels": "it is about the data, and takes a person",
    "keep-graph": "it is about the code of the model, and takes a person",
    "more-capacity": "it makes another model, with other weights",
    "more-data": "there is no more data here",
    "overfit-a-batch": "it tells causes apart, and cures nothing",
    "residual-connections": "it makes another model, with other weights",
    "restore-optimizer-state": "it needs the checkpoint of before",
    "roll-back": "it needs a checkpoint of before",
    "stop-early": "it shows in a run of full length only",
    "stretch-schedule": "it shows in a run of full length only",
    "use-stable-loss": "it takes the logarithms out of the code, and takes a person",
    "wait": "the control arm is that",
}


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """An arm before it has run.

    Attributes:
        id: Of the arm.
        remedy: Id of the remedy; empty for the control arm.
        variant: What is changed; None for the control arm.
    """

    id: str
    remedy: str = ""
    variant: Variant | None = None

    @property
    def title(self) -> str:
        """What is done."""
        return "going on as it is" if self.variant is None else self.variant.title

    @property
    def cost(self) -> int:
        """Gradient evaluations a step."""
        return 1 if self.variant is None else self.variant.batches

    @property
    def forward(self) -> str:
        """What it does to the computation of the loss."""
        return "" if self.variant is None else self.variant.forward


def remedies_of(subjects: Iterable[Diagnosis | Remedy], most: int) -> list[Remedy]:
    """The remedies to try, those of the likeliest causes first, each once.

    A cause that is supported, or not told but still likely, counts. Where several causes name a remedy, the
    sizes are those of the first.

    Raises:
        DescentryError: There is nothing to try, or something else was given.
    """
    found: dict[str, Remedy] = {}
    weighed: list[tuple[float, Remedy]] = []
    for subject in subjects:
        if isinstance(subject, Remedy):
            weighed.append((2.0, subject))
        elif isinstance(subject, Diagnosis):
            told = subject.status in ("supported", "undetermined") and subject.cause != "healthy"
            if told and subject.probability >= LIKELY:
                weighed += [(subject.probability, remedy) for remedy in subject.remedies]
        else:
            raise DescentryError(
                f"what is to be tried is no diagnosis and no remedy: {type(subject).__name__}",
                where="try_remedies",
                how="Give report.diagnoses, or remedies out of it.",
            )
    for _, remedy in sorted(weighed, key=lambda pair: -pair[0]):
        found.setdefault(remedy.id, remedy)
    if not found:
        raise DescentryError(
            "there is nothing to try: no cause with a remedy is likely enough",
            where="try_remedies",
            how="Give remedies yourself, such as those of a less likely cause.",
        )
    can = changes()
    tried = [r for r in found.values() if r.id in can][:most]
    return tried + [r for r in found.values() if r.id not in can]


def lanes_of(remedies: Iterable[Remedy], fork: Fork) -> tuple[list[Lane], list[tuple[str, str]]]:
    """The arms, and what cannot be tried with the reason."""
    lanes: list[Lane] = []
    untried: list[tuple[str, str]] = []
    for remedy in remedies:
        change = changes().get(remedy.id)
        if change is None:
            untried.append((remedy.id, BY_HAND.get(remedy.id, "there is no way to try it here")))
            continue
        try:
            variants = change.variants(remedy, fork)
        except Cannot as why:
            untried.append((remedy.id, str(why)))
            continue
        for variant in variants:
            same = [lane.id for lane in lanes if lane.variant and lane.variant.title == variant.title]
            name = f"{remedy.id}-{variant.id}" if variant.id else remedy.id
            if same:
                untried.append((name, f"here it is the same as {same[0]}"))
            else:
                lanes.append(Lane(name, remedy.id, variant))
    return lanes, untried
