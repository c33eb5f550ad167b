"""Losses that users write: read right, and nothing else read at all."""

import math

import numpy as np
import pytest

from descentry.web.lab.expression import DEEPEST, LARGEST, ExpressionError, parse
from descentry.web.lab.surfaces import SURFACES

X, Y = np.array([0.3, 1.7, -2.0]), np.array([1.1, -0.4, 0.5])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x + y*2", X + Y * 2),
        ("-x^2", -(X**2)),
        ("(-x)^2", X**2),
        ("2^3^2 + 0*x", 512 + 0 * X),
        ("x - y - 1", X - Y - 1),
        ("x/y/2", X / Y / 2),
        ("x**2", X**2),
        ("2^-2 + 0*x", 0.25 + 0 * X),
        ("sin(x)*exp(-y) + abs(x)", np.sin(X) * np.exp(-Y) + abs(X)),
        ("sigmoid(x)", 1 / (1 + np.exp(-X))),
        ("1e-3*x + .5", 1e-3 * X + 0.5),
        ("pi + e + 0*x", math.pi + math.e + 0 * X),
        ("--x", X),
    ],
)
def test_arithmetic_is_read_as_mathematics_has_it(text, value):
    np.testing.assert_allclose(parse(text)(X, Y, np), value)


@pytest.mark.parametrize("surface", SURFACES.values(), ids=lambda s: s.id)
def test_the_python_of_an_expression_computes_the_same(surface):
    read = surface.expression
    value = eval(read.python("np"), {"np": np, "x": X, "y": Y})
    np.testing.assert_allclose(value, read(X, Y, np))


@pytest.mark.parametrize(
    "text", ["-(x^2)^3", "(x-y)-(x-1)", "x/(y/2)", "2^(-x)", "(2^x)^y", "-(-x)", "exp(1)*x", "x-(-y)"]
)
def test_brackets_survive_the_way_to_python(text):
    read = parse(text)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(
            eval(read.python("np"), {"np": np, "x": abs(X), "y": Y}), read(abs(X), Y, np)
        )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x +",
        "x y",
        "2x",
        "(x",
        "x)",
        "sin x",
        "sin",
        "x,y",
        "exp(x,y)",
        "z",
        "1e999",
        "x = 1",
        "x; y",
        "x\x00",
        "é",
        "x == y",
        "x if y else 1",
        "lambda: 1",
        "[x for x in y]",
        "x[0]",
        "x.real",
        "x.__class__",
        "().__class__.__bases__",
        "__import__('os').system('true')",
        "open('/etc/passwd')",
        "exec('1')",
        "eval(x)",
        "'text'",
        '"text"',
        "f'{x}'",
        "x@y",
        "~x",
        "x//y",
        "x%y",
        "x<<9999999",
        "x and y",
        "torch.exp(x)",
        "0x10",
        "1_000",
        "1j",
        "x:=1",
        "*x",
        "\\x41",
        "${x}",
        "x`ls`",
        "ｘ",
    ],
)
def test_what_is_no_loss_is_refused_with_its_place(text):
    with pytest.raises(ExpressionError, match="character"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 200 + "x" + ")" * 200,
        "-" * 200 + "x",
        "x" + "+x" * 149,
        "x^" * 100 + "x",
        "sin(" * 60 + "x" + ")" * 60,
        "x" * 301,
    ],
)
def test_what_is_too_deep_or_too_long_is_refused(text):
    with pytest.raises(ExpressionError):
        parse(text)


def test_the_limits_leave_room_for_real_losses():
    assert parse("+".join(["x"] * (LARGEST // 2)))
    assert parse("(" * (DEEPEST - 1) + "x" + ")" * (DEEPEST - 1))


@pytest.mark.parametrize(
    "text",
    ["9^9^9^9", "1/0", "exp(9999)", "log(0)", "log(-1)", "sqrt(-1)", "(-8)^(1/3)", "0^-1", "sigmoid(-9999)"],
)
def test_constants_beyond_all_bounds_are_values_and_no_crash(text):
    with np.errstate(all="ignore"):
        value = parse(text + " + x")(X, Y, np)
    assert value.shape == X.shape


def test_a_misspelt_function_gets_the_nearest_suggested():
    with pytest.raises(ExpressionError, match="sqrt"):
        parse("sqr(x)")
