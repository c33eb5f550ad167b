"""What a scene is: one idea, its controls, a question, and the cases that it must reach."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from descentry.core.errors import UnknownNameError
from descentry.web.lab.controls import Control
from descentry.web.lab.pictures import Picture

if TYPE_CHECKING:
    from descentry.web.lab.bench import Bench

Settings = Mapping[str, Any]
HEADINGS = ("The idea", "What to try", "What to notice", "Limits", "Sources")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before the experiment runs: its answers, and why the right one is right."""

    text: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """What a scene must show where its controls are set so.

    Attributes:
        name: In a few words.
        settings: What differs from the defaults.
        shows: Behaviours that the chosen curve must have.
        not_shows: Behaviours that it must not have.
        answer: The answer that must come true; empty where any may.
        cause: A cause that must be among those supported; empty where that is open.
        status: How the end of the run must be judged; empty where that is open.
    """

    name: str
    settings: Settings = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    not_shows: tuple[str, ...] = ()
    answer: str = ""
    cause: str = ""
    status: str = ""


@dataclass(frozen=True)
class Scene:
    """One scene of the lab.

    Attributes:
        id: As addresses name it.
        number: Its place among the scenes.
        title: A few words.
        question: What is asked before it runs.
        controls: What may be changed; the first one is the one thing to change.
        run: What it computes: pictures of one experiment, each whole, the last one marked so.
        script: The same experiment as a PyTorch script that prints the loss of each step.
        cases: What it must reach.
    """

    id: str
    number: int
    title: str
    question: Question
    controls: tuple[Control, ...]
    run: Callable[[Settings, Bench], Iterator[Picture]]
    script: Callable[[Settings], str]
    cases: tuple[Case, ...] = ()

    def read(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings for every control: those given, checked, and the defaults of the others.

        Raises:
            UnknownNameError: There is no such control.
            DescentryError: A control cannot be set so.
        """
        known = {control.id: control for control in self.controls}
        for name in settings:
            if name not in known:
                raise UnknownNameError(
                    f"the scene has no control {name!r:.40}", name=str(name)[:40], known=known, where=self.id
                )
        return {
            id: control.read(settings[id]) if id in settings else control.default
            for id, control in known.items()
        }

    def plain(self) -> dict[str, Any]:
        """For the page: all but what it computes."""
        return {
            "id": self.id,
            "number": self.number,
            "title": self.title,
            "question": {"text": self.question.text, "answers": self.question.answers},
            "controls": [control.plain() for control in self.controls],
            "page": page(self.id),
        }


@functools.cache
def scenes() -> Mapping[str, Scene]:
    """The scenes by id, in their order.

    Raises:
        ValueError: Two have one id or one number.
    """
    package = importlib.import_module("descentry.web.lab.scenes")
    found = [
        importlib.import_module(f"{package.__name__}.{m.name}").SCENE
        for m in pkgutil.iter_modules(package.__path__)
        if not m.name.startswith("_")
    ]
    ordered = sorted(found, key=lambda scene: scene.number)
    if len({s.id for s in ordered}) < len(ordered) or len({s.number for s in ordered}) < len(ordered):
        raise ValueError("two scenes have one id, or one number")
    return MappingProxyType({scene.id: scene for scene in ordered})


def scene(id: str) -> Scene:
    """One of them.

    Raises:
        UnknownNameError: There is none of this id.
    """
    known = scenes()
    if id not in known:
        raise UnknownNameError(f"the lab has no scene {id!r:.40}", name=id[:40], known=known)
    return known[id]


def page(id: str) -> str:
    """The page of a scene: the docstring of its module."""
    return importlib.import_module(f"descentry.web.lab.scenes.{id.replace('-', '_')}").__doc__ or ""
