"""The controls of scenes as data: what may be changed, within which bounds, and how a wish is checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

from descentry.core.errors import DescentryError, UnknownNameError


class Control(Protocol):
    """What the user may change."""

    @property
    def id(self) -> str:
        """Its name in settings."""

    @property
    def default(self) -> Any:
        """What it is set to at first."""

    def read(self, value: Any) -> Any:
        """The value, checked: what a browser sends is not to be trusted."""

    def plain(self) -> dict[str, Any]:
        """For the page."""


@dataclass(frozen=True, slots=True)
class Slider:
    """A number between two bounds.

    Attributes:
        id: Its name in settings.
        title: What it is called on the page.
        low: The least.
        high: The most.
        default: At first.
        log: Whether equal ways on the slider are equal factors.
        whole: Whether only whole numbers make sense.
        only_if: It is shown only where another control has one of these values.
        help: One sentence, where the title does not say it all.
    """

    id: str
    title: str
    low: float
    high: float
    default: float
    log: bool = False
    whole: bool = False
    only_if: tuple[str, tuple[Any, ...]] | None = None
    help: str = ""

    def read(self, value: Any) -> float | int:
        """The nearest number within the bounds.

        Raises:
            DescentryError: It is no number.
        """
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise DescentryError(f"{self.title} is no number: {value!r:.40}", where=self.id)
        bounded = min(max(float(value), self.low), self.high)
        return round(bounded) if self.whole else bounded

    def plain(self) -> dict[str, Any]:
        """For the page."""
        return {"kind": "slider", **{name: getattr(self, name) for name in self.__slots__}}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several.

    Attributes:
        id: Its name in settings.
        title: What it is called on the page.
        options: Id and title of each.
        default: The id of the first one chosen.
        only_if: As for Slider.
        help: As for Slider.
    """

    id: str
    title: str
    options: tuple[tuple[str, str], ...]
    default: str
    only_if: tuple[str, tuple[Any, ...]] | None = None
    help: str = ""

    def read(self, value: Any) -> str:
        """The id of an option.

        Raises:
            UnknownNameError: There is no such option.
        """
        known = [id for id, _ in self.options]
        if value not in known:
            raise UnknownNameError(
                f"{self.title} has no option {value!r:.40}", name=str(value)[:40], known=known, where=self.id
            )
        return str(value)

    def plain(self) -> dict[str, Any]:
        """For the page."""
        return {"kind": "choice", **{name: getattr(self, name) for name in self.__slots__}}


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text: the user's own loss."""

    id: str
    title: str
    default: str
    longest: int = 300
    only_if: tuple[str, tuple[Any, ...]] | None = None
    help: str = ""

    def read(self, value: Any) -> str:
        """The text.

        Raises:
            DescentryError: It is no text, or too long.
        """
        if not isinstance(value, str) or len(value) > self.longest:
            raise DescentryError(f"{self.title} takes up to {self.longest} characters", where=self.id)
        return value

    def plain(self) -> dict[str, Any]:
        """For the page."""
        return {"kind": "words", **{name: getattr(self, name) for name in self.__slots__}}
