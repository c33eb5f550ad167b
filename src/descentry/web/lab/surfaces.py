"""Loss surfaces of two parameters: expressions, as a user's own are, with a window to see them through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from descentry.core.errors import UnknownNameError
from descentry.web.lab.expression import Expression, parse


@dataclass(frozen=True, slots=True)
class Surface:
    """One surface.

    Attributes:
        id: As settings name it.
        title: As people call it.
        text: The loss, in the language of ``expression.py``.
        start: Where descent begins.
        window: Left, right, bottom and top of what is drawn.
        minima: Where its minima are, as far as they are known.
        lesson: What it is good for seeing.
    """

    id: str
    title: str
    text: str
    start: tuple[float, float]
    window: tuple[float, float, float, float] = (-2.0, 2.0, -2.0, 2.0)
    minima: tuple[tuple[float, float], ...] = ()
    lesson: str = ""

    @property
    def expression(self) -> Expression:
        """The loss, ready to compute."""
        return parse(self.text)


def bowl(condition: float, sharpness: float = 1.0) -> Surface:
    """A quadratic whose largest curvature is ``sharpness`` and whose smallest is ``condition`` times less."""
    return Surface(
        "bowl",
        "bowl",
        f"{sharpness / 2:.12g}*(y^2 + x^2/{condition:.12g})",
        (-1.8, 1.0),
        minima=((0.0, 0.0),),
        lesson="One minimum; the rate that the steep direction bears is slow along the flat one.",
    )


SURFACES: Mapping[str, Surface] = {
    one.id: one
    for one in (
        bowl(10.0),
        Surface(
            "rosenbrock",
            "Rosenbrock's banana",
            "(1 - x)^2 + 100*(y - x^2)^2",
            (-1.2, 1.0),
            (-2.0, 2.0, -1.0, 3.0),
            ((1.0, 1.0),),
            "A curved valley: easy to fall into, slow to follow.",
        ),
        Surface(
            "himmelblau",
            "Himmelblau",
            "(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
            (-0.5, -1.0),
            (-5.0, 5.0, -5.0, 5.0),
            ((3.0, 2.0), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126)),
            "Four minima, equally deep: which one is reached depends on the start.",
        ),
        Surface(
            "tilted",
            "Himmelblau, tilted",
            "(x^2 + y - 11)^2 + (x + y^2 - 7)^2 + 6*x + 3*y + 33",
            (-0.5, -1.0),
            (-5.0, 5.0, -5.0, 5.0),
            ((-3.842, -3.336), (-2.893, 3.094), (2.930, 1.951), (3.531, -1.933)),
            "Four minima, and one of them is deepest: which one is reached depends on the start.",
        ),
        Surface(
            "beale",
            "Beale",
            "(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2",
            (1.0, 1.5),
            (-0.5, 4.0, -1.5, 1.75),
            ((3.0, 0.5),),
            "Flat ground between steep walls.",
        ),
        Surface(
            "saddle",
            "saddle",
            "x^2/2 - y^2/2 + y^4/4",
            (1.5, 1e-4),
            (-2.0, 2.0, -1.7, 1.7),
            ((0.0, 1.0), (0.0, -1.0)),
            "Flat in the middle, and not a minimum: the way out is sideways.",
        ),
        Surface(
            "plateau",
            "plateau",
            "1 - exp(-(x^2 + y^2)/2)",
            (3.6, 0.6),
            (-4.5, 4.5, -4.5, 4.5),
            ((0.0, 0.0),),
            "Far out the gradient is next to nothing.",
        ),
        Surface(
            "valley",
            "valley that opens",
            "(x*y - 1)^2/2",
            (3.2, 0.4),
            (0.0, 3.6, 0.0, 3.6),
            (),
            "Its floor x·y = 1 is sharp at its ends and flatter in the middle.",
        ),
        Surface(
            "ravine",
            "ravine with unequal walls",
            "log(exp(3*x) + exp(-x)) - 0.5623 + y^2/20",
            (1.2, 2.2),
            (-2.0, 2.0, -2.6, 2.6),
            ((-0.274653, 0.0),),
            "Its walls stay as steep as they are: a step that is too long bounces, and does not explode.",
        ),
        Surface(
            "two-valleys",
            "two valleys",
            "x^4/4 - x^2/2 + 0.15*x + y^2/2 + 0.4",
            (1.6, 0.8),
            (-1.9, 1.9, -1.3, 1.3),
            ((-1.068, 0.0), (0.917, 0.0)),
            "The valley on the right is the poorer one; a ridge lies between them.",
        ),
        Surface(
            "rugged",
            "rugged bowl",
            "(x^2 + y^2)/8 + 0.5*(2 - cos(4*x) - cos(4*y))",
            (2.6, -1.2),
            (-3.5, 3.5, -3.5, 3.5),
            ((0.0, 0.0),),
            "Many small minima inside a large one.",
        ),
    )
}


def surface(id: str, *, text: str = "", start: tuple[float, float] | None = None) -> Surface:
    """A surface by its id, or one of a user's own.

    Raises:
        UnknownNameError: There is none of this id.
        ExpressionError: ``text`` is no loss.
    """
    if id == "own":
        written = parse(text)
        return Surface("own", "your own", written.text, start or (1.0, 1.0))
    if id not in SURFACES:
        raise UnknownNameError(f"there is no surface called {id!r}", name=id, known=(*SURFACES, "own"))
    return SURFACES[id]
