"""Weighs the evidence for every cause: from what a run shows to why it may be so.

The log-likelihood ratios of a cause's signs add up to what speaks for it, and causes compete with each other
and with nothing being wrong (``causes/_worlds.py``). The weights were fitted together, so that signs which
say the same thing share one weight between them and nothing counts twice; a sign that could not be read adds
nothing and is listed. Where the weights come from: ``causes/_weights.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from descentry.behaviours._curve import MIN_POINTS
from descentry.causes._entry import Cause, Clue, Sign
from descentry.causes._weights import Weights, table
from descentry.causes._worlds import probabilities
from descentry.core import catalog
from descentry.core.data import Diagnosis, Evidence, Remedy, Status
from descentry.facts import Facts

Weighed = tuple[Clue, float, float]  # with the value that was read, and its weight in nats
SUPPORTED = 0.5
REFUTED = 0.05
DECISIVE = 1.0  # nats that one of the readable signs must be able to bring, or the cause is not examined
TELLING = 0.05  # nats below which a line of evidence is not worth reading
NEEDS = {
    "curve": "log the loss at more steps",
    "rate": "log the learning rate (as lr)",
    "gradient-norm": "log the norm of the gradient (as grad_norm)",
    "validation": "log the validation loss (as val_loss)",
    "watch": "run it under `descentry run` or `descentry.watch` for 200 steps",
}

MORE = "give the watch more to spend (`descentry run --overhead 0.1`), or more steps"


def diagnose(facts: Facts, weights: Weights | None = None) -> tuple[Diagnosis, ...]:
    """Every cause that descentry knows, the likeliest first.

    Args:
        facts: What is known of the run.
        weights: What each sign is worth; the fitted table when not given.
    """
    used = table(facts.watched) if weights is None else weights
    values = read(facts)
    causes = list(catalog.entries("causes").values())
    known = {clue.sign.id: clue.sign for cause in causes for clue in cause.clues}
    weighed = {cause.id: _weigh(cause, known, values, used) for cause in causes}
    nats = {cause.id: used.prior(cause) + sum(weight for *_, weight in weighed[cause.id]) for cause in causes}
    likely = probabilities(nats, used.two, used.unlisted, well=_may_be_well(facts))
    found = [_told(cause, facts, weighed[cause.id], likely[cause.id], used) for cause in causes]
    return tuple(sorted(found, key=lambda d: -d.probability))


def read(facts: Facts) -> dict[str, float | None]:
    """The value of every sign of every cause, by id; None where it could not be read.

    A sign that breaks (it may be another distribution's) reads as None.
    """
    values: dict[str, float | None] = {}
    for cause in catalog.entries("causes").values():
        for clue in cause.clues:
            if clue.sign.id not in values:
                try:
                    values[clue.sign.id] = clue.sign.value(facts)
                except (ArithmeticError, LookupError, TypeError, ValueError):
                    values[clue.sign.id] = None
    return values


def _may_be_well(facts: Facts) -> bool:
    """Not where a curve fails by itself, or never changes by a digit: that has a cause, known or not."""
    value = facts.curve.finite
    still = len(value) >= MIN_POINTS and value.min() == value.max() != 0
    return not still and all(finding.concern != "failing" for finding in facts.findings)


def _weigh(
    cause: Cause, known: Mapping[str, Sign], values: Mapping[str, float | None], weights: Weights
) -> list[Weighed]:
    """What the readable signs say of a cause: those that its file names, and others found to tell."""
    more = [Clue(known[sign], w) for sign, w in weights.unstated(cause).items() if _fits(known.get(sign), w)]
    return [
        (clue, value, weights.of(cause, clue)[clue.sign.bin(value)])
        for clue in (*cause.clues, *more)
        if (value := values[clue.sign.id]) is not None
    ]


def _fits(sign: Sign | None, weights: Sequence[float]) -> bool:
    """Whether a sign is known, and still has the bins that the weights were fitted for."""
    return sign is not None and len(sign.words) == len(weights)


def _told(
    cause: Cause, facts: Facts, weighed: Sequence[Weighed], probability: float, weights: Weights
) -> Diagnosis:
    read = {clue.sign.id for clue, *_ in weighed}
    missing = [clue for clue in cause.clues if clue.sign.id not in read]
    told = sum(weight for _, _, weight in weighed)
    could_tell = any(max(map(abs, weights.of(cause, clue))) >= DECISIVE for clue, _, _ in weighed)
    status = _status(probability, told, could_tell)
    likely = status in ("supported", "undetermined")
    evidence = [_evidence(*one) for one in weighed]
    return Diagnosis(
        cause=cause.id,
        title=cause.title,
        status=status,
        probability=probability,
        concern=cause.worse(facts) or cause.concern,
        evidence=tuple(
            sorted((e for e in evidence if abs(e.weight) >= TELLING), key=lambda e: -abs(e.weight))
        ),
        missing=tuple(clue.sign.title for clue in missing),
        remedies=_remedies(cause, facts) if likely else (),
        next_measurement=_next(cause, facts, missing, weights)
        if likely and probability < 1 - REFUTED
        else "",
    )


def _evidence(clue: Clue, value: float, weight: float) -> Evidence:
    sentence = clue.sign.sentence(value)
    return Evidence(clue.sign.id, round(weight, 3), value, clue.sign.reference, sentence)


def _status(probability: float, told: float, could_tell: bool) -> Status:
    if probability >= SUPPORTED:
        return "supported"
    if not could_tell:
        return "not examined"
    # A cause that is merely rare is not ruled out: something has to speak against it.
    return "refuted" if probability <= REFUTED and told <= -DECISIVE else "undetermined"


def _remedies(cause: Cause, facts: Facts) -> tuple[Remedy, ...]:
    known = catalog.entries("remedies")
    sized = [known[id].size(facts) for id in cause.remedies if id in known]
    return tuple(remedy for remedy in sized if remedy is not None)


def _next(cause: Cause, facts: Facts, missing: Sequence[Clue], weights: Weights) -> str:
    """What would move the odds most, of what was not read."""
    stakes = [(max(w) - min(w), clue) for clue in missing if (w := weights.of(cause, clue))]
    if not stakes:
        return ""
    stake, clue = max(stakes, key=lambda s: s[0])
    needs = MORE if facts.watched and clue.sign.needs == "watch" else NEEDS[clue.sign.needs]
    return f"{clue.sign.title}: {needs}" if stake >= DECISIVE else ""


def worth_measuring(diagnoses: Sequence[Diagnosis]) -> str:
    """The one measurement that would settle the most doubt over all causes; empty when little is in doubt."""
    if max((d.probability for d in diagnoses), default=1.0) >= 1 - REFUTED:
        return ""
    doubtful: dict[str, float] = {}
    for one in diagnoses:
        if one.next_measurement:
            stake = one.probability * (1 - one.probability)
            doubtful[one.next_measurement] = doubtful.get(one.next_measurement, 0.0) + stake
    return max(doubtful, key=lambda what: doubtful[what]) if doubtful else ""


def supported(diagnoses: Sequence[Diagnosis]) -> list[Diagnosis]:
    """The causes that the evidence speaks for, the likeliest first; ``healthy`` is none of them."""
    return [d for d in diagnoses if d.status == "supported" and d.cause != "healthy"]
