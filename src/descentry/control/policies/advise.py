"""Say what is likely wrong, where the cure is not the pilot's to apply.

## What it does

After an intervention the run is diagnosed from what was measured. The remedy of the likeliest cause is
passed on as advice where it is not marked `automatic`: inputs to standardise, a loss to replace, a frozen
layer.

## When it decides

Once for each cause, after the loss has run away, no rate was found, or the training was handed back.

## What it changes

Nothing.

## When it holds back

Where the evidence supports no cause, or its remedy is one that the pilot applies by itself.

## Sources

The causes and how often they are right: docs/diagnosis.md. What is `automatic` is for each remedy to say.
"""

from __future__ import annotations

from descentry.control.policies._entry import Case, Known, Policy
from descentry.core.data import Decision, Diagnosis, Remedy
from descentry.core.words import chance


def decide(known: Known) -> Decision | None:
    """Passes advice on, or does nothing."""
    for diagnosis in known.diagnoses:
        if diagnosis.status != "supported" or diagnosis.concern == "none" or not diagnosis.remedies:
            continue
        remedy = diagnosis.remedies[0]
        if remedy.safety == "automatic":
            return None
        title = diagnosis.title[:1].upper() + diagnosis.title[1:]
        said = f"{title} ({chance(diagnosis.probability)} likely). Yours to decide: {remedy.sentence}"
        numbers = {"probability": diagnosis.probability}
        return Decision(known.step, "advise", said, remedy, numbers, applied=False)
    return None


_SCALE = Remedy("standardise-inputs", {"standardise_inputs": True}, "Standardise the inputs.", "", "advise")
_LOWER = Remedy("lower-lr", {"lr_factor": 1 / 3}, "Lower the rate.", "", "automatic")


def _known(status: str, remedy: Remedy) -> Known:
    found = Diagnosis("a", "the inputs are not scaled", status, 0.9, "attention", remedies=(remedy,))  # type: ignore[arg-type]
    return Known(300, 1.0, diagnoses=(found,))


POLICY = Policy(
    id="advise",
    title="say what is likely wrong, where the cure is not the pilot's to apply",
    turn=90,
    decide=decide,
    cases=(
        Case("a cure for a person", _known("supported", _SCALE), {"standardise_inputs": True}),
        Case("a cure that the pilot has", _known("supported", _LOWER), None),
        Case("not supported", _known("undetermined", _SCALE), None),
    ),
)
