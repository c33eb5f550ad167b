"""Losses that users write: a small language of arithmetic, read without ``eval``.

The grammar is closed: numbers, the two parameters ``x`` and ``y``, ``pi`` and ``e``, ``+ - * / ^ **``,
brackets, and the functions of ``FUNCTIONS``. Nothing else has a meaning, so there is nothing to escape
from. Text, nodes and depth are bounded, which bounds the time and memory of one evaluation as well: each
node is one operation on an array.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from descentry.core.errors import DescentryError, nearest

LONGEST = 300  # characters
LARGEST = 120  # nodes
DEEPEST = 24  # brackets and operations inside each other
FUNCTIONS = ("abs", "cos", "exp", "log", "sigmoid", "sin", "sqrt", "tan", "tanh")
CONSTANTS = {"pi": math.pi, "e": math.e}
VARIABLES = ("x", "y")

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|[-+*/^(),]))",
    re.ASCII,
)
_POWERS = {"+": (1, 2), "-": (1, 2), "*": (3, 4), "/": (3, 4), "^": (8, 7)}
_MINUS = 6  # binds tighter than * and looser than ^, as in mathematics: -x^2 is -(x^2)

Kind = Literal["number", "variable", "call", "minus", "+", "-", "*", "/", "^"]


class ExpressionError(DescentryError):
    """What was written is no loss: where reading stopped, and what could stand there."""


@dataclass(frozen=True, slots=True)
class Node:
    """One operation: its kind, its name or number, and what it is applied to."""

    kind: Kind
    name: str = ""
    number: float = 0.0
    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """A loss of two parameters, as it was written and as it is computed."""

    text: str
    root: Node

    def __call__(self, x: Any, y: Any, module: Any) -> Any:
        """The loss where the parameters are ``x`` and ``y``.

        Args:
            x: Array or tensor of any shape; ``y`` has the same.
            y: The other parameter.
            module: What computes: ``torch`` or ``numpy``.
        """
        # Zero times x gives a constant the shape of the parameters, and keeps it in the graph of gradients.
        return _value(self.root, {"x": x, "y": y}, module) + 0.0 * x + 0.0 * y

    def python(self, module: str = "torch") -> str:
        """The same as an expression of Python."""
        return _python(self.root, module)[0]


def parse(text: str) -> Expression:
    """Reads a loss of the parameters ``x`` and ``y``; linear in its length.

    Raises:
        ExpressionError: It is no such loss, or is too long or too deep.

    >>> import math
    >>> parse("x^2 + 2*cos(y)")(3.0, 0.0, math)
    11.0
    """
    if len(text) > LONGEST:
        raise ExpressionError(
            f"the loss is {len(text)} characters long",
            where="expression",
            how=f"Up to {LONGEST} characters are read.",
        )
    return Expression(text.strip(), _Reader(text).whole())


class _Reader:
    """Reads by operator precedence (Pratt 1973): one word ahead, no going back."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.nodes = 0
        self.tokens = self._tokens()
        self.kind, self.word, self.at = next(self.tokens)

    def whole(self) -> Node:
        node = self._expression(0, 0)
        if self.kind != "end":
            raise self._wrong(f"nothing can follow here, and {self.word!r} does")
        return node

    def _tokens(self) -> Iterator[tuple[str, str, int]]:
        at = 0
        text = self.text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                self.at = at + len(text[at:]) - len(text[at:].lstrip())
                raise self._wrong(f"{text[self.at]!r} has no meaning here")
            assert match.lastgroup is not None
            word = match.group(match.lastgroup)
            yield match.lastgroup, "^" if word == "**" else word, match.start(match.lastgroup)
            at = match.end()
        yield "end", "", len(text)

    def _next(self) -> str:
        word = self.word
        self.kind, self.word, self.at = next(self.tokens)
        return word

    def _expression(self, binding: int, depth: int) -> Node:
        if depth > DEEPEST:
            raise self._wrong(f"more than {DEEPEST} operations stand inside each other")
        left = self._prefix(depth)
        while self.kind == "sign" and self.word in _POWERS:
            above, right = _POWERS[self.word]
            if above < binding:
                break
            sign = self._next()
            left = self._node(Node(_kind(sign), parts=(left, self._expression(right, depth + 1))))
        return left

    def _prefix(self, depth: int) -> Node:
        if self.kind == "number":
            number = float(self.word)
            if not math.isfinite(number):
                raise self._wrong("this number is too large")
            self._next()
            return self._node(Node("number", number=number))
        if self.kind == "name":
            return self._name(depth)
        if self.kind == "sign" and self.word in "+-":
            sign = self._next()
            part = self._expression(_MINUS, depth + 1)
            return part if sign == "+" else self._node(Node("minus", parts=(part,)))
        if self.word == "(":
            self._next()
            inside = self._expression(0, depth + 1)
            self._close()
            return inside
        raise self._wrong("a number, x, y or a function is missing")

    def _name(self, depth: int) -> Node:
        name, at = self.word, self.at
        self._next()
        if name in VARIABLES:
            return self._node(Node("variable", name))
        if name in CONSTANTS:
            return self._node(Node("number", number=CONSTANTS[name]))
        if name not in FUNCTIONS:
            self.at = at
            known = (*VARIABLES, *CONSTANTS, *FUNCTIONS)
            close = nearest(name, known)
            raise self._wrong(f"{name!r} is not known" + (f"; did you mean {close!r}?" if close else ""))
        if self.word != "(":
            raise self._wrong(f"{name} wants brackets: {name}(x)")
        self._next()
        part = self._expression(0, depth + 1)
        self._close()
        return self._node(Node("call", name, parts=(part,)))

    def _close(self) -> None:
        if self.word != ")":
            raise self._wrong("a closing bracket is missing")
        self._next()

    def _node(self, node: Node) -> Node:
        self.nodes += 1
        if self.nodes > LARGEST:
            raise self._wrong(f"the loss has more than {LARGEST} operations")
        return node

    def _wrong(self, what: str) -> ExpressionError:
        how = f"Write a loss of x and y, such as x^2 + 10*y^2. Functions: {', '.join(FUNCTIONS)}."
        return ExpressionError(f"character {self.at + 1}: {what}", where="expression", how=how)


def _kind(sign: str) -> Kind:
    for kind in ("+", "-", "*", "/", "^"):
        if sign == kind:
            return kind
    raise AssertionError(sign)


def _value(node: Node, known: dict[str, Any], module: Any) -> Any:
    if node.kind == "number":
        return node.number
    if node.kind == "variable":
        return known[node.name]
    parts = [_value(part, known, module) for part in node.parts]
    if node.kind == "call":
        return _call(node.name, parts[0], module)
    if node.kind == "minus":
        return -parts[0]
    left, right = parts
    try:
        if node.kind == "+":
            return left + right
        if node.kind == "-":
            return left - right
        if node.kind == "*":
            return left * right
        if node.kind == "/":
            return left / right
        power = left**right
    except (OverflowError, ZeroDivisionError):  # plain numbers raise where arrays give inf
        return math.inf
    return math.nan if isinstance(power, complex) else power


def _call(name: str, part: Any, module: Any) -> Any:
    if isinstance(part, (int, float)):
        return _of_number(name, float(part))
    if name == "sigmoid":
        return 1 / (1 + module.exp(-part))
    return getattr(module, name)(part)


def _of_number(name: str, number: float) -> float:
    try:
        if name == "sigmoid":
            return 1 / (1 + math.exp(-number))
        return abs(number) if name == "abs" else float(getattr(math, name)(number))
    except OverflowError:
        return 0.0 if name == "sigmoid" else math.inf
    except ValueError:
        return math.nan


def _python(node: Node, module: str) -> tuple[str, int]:
    """The text, and how tightly its last operation binds."""
    if node.kind == "number":
        return (f"{node.number:.12g}", 9)
    if node.kind == "variable":
        return (node.name, 9)
    if node.kind == "call":
        if not _varies(node):  # torch.exp takes tensors only
            return (f"{_value(node, {}, math):.17g}", 9)
        return (f"{module}.{node.name}({_python(node.parts[0], module)[0]})", 9)
    if node.kind == "minus":
        return ("-" + _bracketed(node.parts[0], module, _MINUS), _MINUS)
    above, right = _POWERS[node.kind]
    # A power's left side wants brackets where it is itself a power or a minus.
    left_text = _bracketed(node.parts[0], module, above + (node.kind == "^"))
    right_text = _bracketed(node.parts[1], module, right)
    sign = "**" if node.kind == "^" else f" {node.kind} "
    return (f"{left_text}{sign}{right_text}", above)


def _varies(node: Node) -> bool:
    return node.kind == "variable" or any(_varies(part) for part in node.parts)


def _bracketed(node: Node, module: str, binding: int) -> str:
    text, binds = _python(node, module)
    return text if binds >= binding else f"({text})"
