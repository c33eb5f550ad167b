"""The part of the HTML page that says why: causes with their evidence, which opens line by line."""

from __future__ import annotations

from descentry.core.data import Diagnosis, Evidence, Remedy, Report
from descentry.report._reasons import capital, likely, reasons, weight
from descentry.report._sections import e, section
from descentry.report._words import CONCERNS

SCALE = 6.0  # nats that fill a bar: odds of 400 to 1


def why(report: Report, suffix: str = "") -> str:
    """The causes that the evidence speaks for, those it rules out, and those it leaves open."""
    found = reasons(report)
    if found is None:
        return ""
    body = f"<p>{e(found.lead)}</p>"
    body += "".join(_cause(d, opened=i == 0) for i, d in enumerate(found.told))
    body += _named("Ruled out", found.ruled_out) + _named("Not told by what was recorded", found.open)
    return section(f"why{suffix}", "Why", body)


def _cause(diagnosis: Diagnosis, *, opened: bool) -> str:
    tone = CONCERNS[diagnosis.concern].tone
    rows = "".join(_evidence(one) for one in diagnosis.evidence)
    head = (
        '<tr><th scope="col" class="n">Nats</th><th scope="col">Evidence</th>'
        '<th scope="col">Compared with</th></tr>'
    )
    table = (
        f'<div class="wide"><table class="evidence"><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
        if rows
        else "<p>Nothing that was recorded speaks for it or against it.</p>"
    )
    missing = _named("Not recorded, and so without weight", diagnosis.missing)
    remedies = "".join(_remedy(r) for r in diagnosis.remedies)
    return (
        f'<details class="cause"{" open" if opened else ""}><summary><span class="name {tone}">'
        f'{e(capital(diagnosis.title))}</span> <span class="quiet">{likely(diagnosis)}</span></summary>'
        f"{table}{missing}{f'<p>What to do</p><ol>{remedies}</ol>' if remedies else ''}</details>"
    )


def _evidence(evidence: Evidence) -> str:
    share = min(1.0, abs(evidence.weight) / SCALE)
    side = "for" if evidence.weight > 0 else "against"
    bar = f'<span class="weight {side}" style="width:{40 * share:.0f}px" aria-hidden="true"></span>'
    return (
        f'<tr><td class="n">{weight(evidence)} {bar}</td><td>{e(evidence.sentence)}</td>'
        f'<td class="quiet">{e(evidence.reference)}</td></tr>'
    )


def _remedy(remedy: Remedy) -> str:
    return f'<li>{e(remedy.sentence)} <span class="quiet">{e(remedy.look_for)}</span></li>'


def _named(title: str, names: tuple[str, ...]) -> str:
    if not names:
        return ""
    head = f'<summary class="quiet">{title} ({len(names)})</summary>'
    return f"<details>{head}<p>{e('; '.join(names))}.</p></details>"
