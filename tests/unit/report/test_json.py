"""The JSON: strict, as its page documents it, and whole."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from tests.unit.report.made import finding, report, series

from descentry.core.data import Comparison, Estimate
from descentry.report import json as page

DOCS = Path(__file__).parents[3] / "docs" / "json.md"
TYPES = {
    "string": str,
    "object": dict,
    "array": list,
    "integer": int,
    "number": (int, float),
    "array of strings": list,
}


def documented():
    """Fields and their types by section of docs/json.md."""
    sections = {}
    for part in re.split(r"^#{2,3} ", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title = part.splitlines()[0]
        rows = re.findall(r"^\| (`[^|]+`) \| ([a-z ]+?) \|", part, flags=re.MULTILINE)
        sections[title] = {name: kind for names, kind in rows for name in re.findall("`([a-z_]+)`", names)}
    return sections


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


def strictly(subject):
    return json.loads(page.render(subject), parse_constant=refuse)


def check(data, fields):
    assert set(data) == set(fields)
    for name, kind in fields.items():
        kind, _, null = kind.partition(" or ")
        if data[name] is None:
            assert null == "null", name
        else:
            assert isinstance(data[name], TYPES[kind]), name


@pytest.mark.parametrize("name", ["healthy", "failing", "unexamined"])
def test_a_report_has_exactly_the_documented_fields(name, request):
    schema, data = documented(), strictly(request.getfixturevalue(name))
    check(data, schema["A report"])
    check(data["run"], schema["run"])
    check(data["convergence"], schema["convergence"])
    if data["main"] is not None:
        check(data["main"], schema["main"])
    for found in data["findings"]:
        check(found, schema["findings"])


def test_the_lists_of_a_run_have_the_documented_fields(failing):
    text = DOCS.read_text(encoding="utf-8")
    run = strictly(failing)["run"]
    for row, item in [("series", run["series"][0]), ("gaps", run["gaps"][0])]:
        described = re.search(rf"^\| `{row}` \| array \| (.+) \|$", text, flags=re.MULTILINE)[1]
        assert set(item) <= set(re.findall("`([a-z_]+)`", described))


def test_a_comparison_has_exactly_the_documented_fields(comparison):
    data = strictly(comparison)
    check(data, documented()["A comparison"])
    assert data["schema"] == "descentry.comparison/1"
    assert data["reports"] == [strictly(one) for one in comparison]


def test_it_holds_what_the_report_holds(failing):
    data = failing.to_dict()
    assert data["schema"] == "descentry.report/1"
    assert (data["verdict"], data["headline"]) == ("failing", failing.headline)
    assert [f["behaviour"] for f in data["findings"]] == ["smooth-decrease", "spike", "non-finite"]
    assert data["findings"][0]["size"] == {"value": 0.8, "low": 0.7, "high": 0.9, "unit": "fraction"}
    assert data["main"]["points"] == 10_000
    assert data["main"]["finite"] == 8_000
    assert data["main"]["first"] == {"step": 0, "value": 3.5}
    assert data["main"]["highest"] == {"step": 6000, "value": 40.0}
    assert data["run"]["gaps"][0]["count"] == 12


def test_points_are_left_out(failing):
    assert len(page.render(failing)) < 10_000


def test_a_number_that_is_not_finite_is_null_and_listed(failing):
    data = strictly(failing)
    assert data["main"]["last"] == {"step": 9999, "value": None}
    assert data["non_finite"] == [{"path": "/main/last/value", "value": "nan"}]


@pytest.mark.parametrize(("value", "said"), [(math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan")])
def test_so_it_is_anywhere(value, said):
    size = Estimate(1.0, 0.5, value, "loss")
    one = report(
        series(np.ones(5)),
        findings=[finding("spike", 1, 1, "x", size=size)],
        config={"a/b": {"~lr": [value]}},
    )
    data = strictly(one)
    assert data["findings"][0]["size"]["high"] is None
    assert {(n["path"], n["value"]) for n in data["non_finite"]} == {
        ("/findings/0/size/high", said),
        ("/run/config/a~1b/~0lr/0", said),
    }


def test_settings_of_any_kind_become_json():
    deep = []
    for _ in range(5000):
        deep = [deep]
    config = {
        "lr": np.float32(0.5),
        "n": np.int64(3),
        7: "seven",
        "path": Path("x"),
        "deep": deep,
        "bad": "\ud800",
        "huge": 10**5000,
        "betas": (0.9, 0.95),
        "on": True,
    }
    kept = strictly(report(series(np.ones(5)), config=config))["run"]["config"]
    assert (kept["lr"], kept["n"], kept["7"], kept["path"], kept["on"]) == (0.5, 3, "seven", "x", True)
    assert kept["betas"] == [0.9, 0.95]


def test_any_stream_can_carry_it():
    one = report(series(np.ones(5), name="損失 – \u2028"))
    assert page.render(one).isascii()
    assert strictly(one)["main"]["name"] == "損失 – \u2028"


def test_a_series_without_a_finite_point_or_without_points():
    data = strictly(Comparison((report(series(np.full(3, np.nan))), report(series(np.empty(0))))))
    first, second = (one["main"] for one in data["reports"])
    assert (first["finite"], first["first"], first["last"]["value"]) == (0, None, None)
    assert (second["points"], second["last"]) == (0, None)
