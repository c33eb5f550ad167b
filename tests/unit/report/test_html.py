"""The page: one file that loads nothing, hides no point, and cannot be broken by what a log contains."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from tests.unit.report.made import HOSTILE, decay, finding, report, series

from descentry.core.data import Comparison, Gap
from descentry.report import html

VOID = {"meta", "input", "br", "hr", "img", "link", "base", "rect", "path"}
PLACES = ("metric", "run", "step", "headline", "finding", "config", "gap")
LOADING = {"src", "href", "srcset", "data", "action", "poster", "background"}


class Page(HTMLParser):
    """The elements of a page, the text outside of scripts, and whether tags are balanced."""

    def __init__(self, markup):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.text, self.scripts = [], [], [], []
        self.feed(markup)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        elif self.open and self.open[-1] != "style":
            self.text.append(data)

    @property
    def said(self):
        return " ".join("".join(self.text).split())

    @property
    def raw(self):
        ids = [a.get("id") for _, a in self.of("script")]
        return self.scripts[ids.index("data")]

    @property
    def data(self):
        return json.loads(self.raw, parse_constant=pytest.fail)

    @property
    def policy(self):
        (policy,) = [a["content"] for _, a in self.of("meta") if "http-equiv" in a]
        return policy

    def of(self, tag):
        return [(t, a) for t, a in self.elements if t == tag]


@pytest.fixture(params=["healthy", "failing", "unexamined", "comparison"])
def any_page(request):
    return Page(html.render(request.getfixturevalue(request.param)))


def test_it_loads_nothing(any_page):
    for tag, attributes in any_page.elements:
        for name in LOADING & set(attributes):
            assert attributes[name].startswith("#"), (tag, name)
    assert not any_page.of("link")
    assert not any_page.of("iframe")
    assert any_page.policy.startswith("default-src 'none'")
    assert "http" not in any_page.policy


def test_its_styles_load_nothing(failing):
    styles = "".join(re.findall("<style>(.*?)</style>", html.render(failing), flags=re.DOTALL))
    assert "@import" not in styles
    assert "url(" not in styles


def test_ids_are_unique_and_what_is_referred_to_is_there(any_page):
    ids = [a["id"] for _, a in any_page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in any_page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert attributes.get(name, ids[0]) in ids
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids


def test_it_has_a_language_a_title_one_first_heading_and_landmarks(any_page):
    assert any_page.of("html")[0][1]["lang"] == "en"
    assert len(any_page.of("h1")) == len(any_page.of("main")) == 1
    assert [t for t, _ in any_page.elements[: any_page.elements.index(("body", {}))]].count("title") == 1
    assert any(a.get("name") == "viewport" for _, a in any_page.of("meta"))


def test_the_page_tells_everything_that_was_found(failing):
    page = Page(html.render(failing))
    for said in ["✗ Failing", failing.headline, *(f.sentence for f in failing.findings), *failing.next_steps]:
        assert said in page.said
    assert "12 points were logged twice" in page.said
    assert "10,000, 2,000 not finite" in page.said
    assert "size 80% (70% to 90%)" in page.said


def test_the_drawing_has_an_alternative_in_words_and_one_without_scripts(failing):
    page = Page(html.render(failing))
    (label,) = [a["aria-label"] for _, a in page.elements if a.get("id") == "plot"]
    assert failing.headline in label
    assert "B, spike" in label
    assert page.of("noscript")
    assert page.of("svg")


@pytest.mark.parametrize("place", PLACES)
def test_what_a_log_contains_cannot_become_markup(place):
    names = {p: HOSTILE if p == place else p for p in PLACES}
    main = series(decay(100), names["metric"], step_name=names["step"])
    one = report(
        main,
        name=names["run"],
        headline=names["headline"],
        findings=[finding(names["finding"], 1, 5, names["finding"], of=names["metric"])],
        config={names["config"]: names["config"]},
        gaps=(Gap("x", names["gap"]),),
    )
    for markup in (html.render(one), html.render(Comparison((one, one), HOSTILE)), html.inline(one)):
        page = Page(markup)
        assert not page.of("img")
        assert not any(name.startswith("on") for _, a in page.elements for name in a)
        assert len(page.scripts) in {0, 4}
        assert not page.scripts or "<" not in page.raw
    assert HOSTILE in Page(html.render(one)).said + json.dumps(Page(html.render(one)).data)


def test_only_its_own_scripts_may_run(failing):
    markup = html.render(failing)
    page = Page(markup)
    allowed = set(re.findall("'sha256-([^']+)'", page.policy))
    runs = [s for (_, a), s in zip(page.of("script"), page.scripts, strict=True) if "type" not in a]
    assert {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in runs} == allowed
    assert "unsafe-inline" not in page.policy.split("script-src")[1].split(";")[0]


def test_line_separators_and_lone_surrogates_survive():
    one = report(series(decay(50), "loss\u2028\u2029\ud800"))
    markup = html.render(one)
    markup.encode("utf-8")
    assert "\u2028" not in markup


def test_a_short_curve_is_there_point_by_point(failing):
    drawn = Page(html.render(failing)).data["series"][0]
    assert drawn["thinned"] is False
    kept = [(x, y) for x, y in zip(drawn["x"], drawn["y"], strict=True) if y is not None]
    assert [x for x, _ in kept] == list(range(8000))
    np.testing.assert_allclose([y for _, y in kept], failing.main.value[:8000], rtol=1e-8)
    assert drawn["holes"] == [[8000, 9999, "NaN", 2000]]


def test_values_that_differ_in_the_tenth_digit_stay_apart():
    values = [1.000000001, 1.0000000012, 1.0000000005]
    assert Page(html.render(report(series(np.array(values))))).data["series"][0]["y"] == values


def long_curve():
    rng = np.random.default_rng(3)
    values = np.exp(rng.normal(0, 0.1, 300_000))
    values[[7, 150_001, 299_998]] = 99.0, 55.0, 77.0
    values[200_123] = -8.0
    for start, stop in [(1000, 1001), (50_000, 50_007), (250_000, 260_000)]:
        values[start:stop] = np.nan
    values[70_000] = np.inf
    return values


def test_a_long_curve_keeps_every_extreme_and_every_hole():
    values = long_curve()
    drawn = Page(html.render(report(series(values)))).data["series"][0]
    assert drawn["thinned"] is True
    assert drawn["points"] == 300_000
    assert len(drawn["x"]) <= 21_000
    points = {x: y for x, y in zip(drawn["x"], drawn["y"], strict=True) if y is not None}
    for step in (7, 150_001, 299_998, 200_123):
        assert points[step] == values[step]
    assert drawn["holes"] == [
        [1000, 1000, "NaN", 1],
        [50_000, 50_006, "NaN", 7],
        [70_000, 70_000, "inf", 1],
        [250_000, 259_999, "NaN", 10_000],
    ]


def test_what_is_kept_of_a_long_curve_fills_a_screen_as_all_of_it_would():
    values = long_curve()
    drawn = Page(html.render(report(series(values)))).data["series"][0]
    x, y = np.array(drawn["x"]), np.array([np.nan if v is None else v for v in drawn["y"]])
    x, y = x[np.isfinite(y)], y[np.isfinite(y)]
    for low in range(0, 300_000, 300):  # a screen a thousand pixels wide
        logged = values[low : low + 300]
        logged = logged[np.isfinite(logged)]
        if logged.size:
            # What a pixel shows reaches as far as what was logged in it; a stretch that it shares with its
            # neighbour, of 120 points, may have its extreme just across the border.
            kept = y[(x >= low - 120) & (x < low + 420)]
            assert kept.min() <= logged.min() + 1e-8
            assert kept.max() >= logged.max() - 1e-8


def test_a_hole_is_no_wider_than_it_was():
    drawn = Page(html.render(report(series(long_curve())))).data["series"][0]
    points = {x for x, y in zip(drawn["x"], drawn["y"], strict=True) if y is not None}
    assert {999, 1001, 49_999, 50_007, 69_999, 70_001, 249_999, 260_000} <= points


def test_a_line_breaks_wherever_something_was_not_finite():
    values = np.ones(100_000)
    values[::1000] = np.nan
    drawn = Page(html.render(report(series(values)))).data["series"][0]
    breaks = [x for x, y in zip(drawn["x"], drawn["y"], strict=True) if y is None]
    assert breaks == list(range(1000, 100_000, 1000))
    assert len(drawn["holes"]) == 100


def test_a_curve_of_nothing_but_holes_stays_small():
    values = np.ones(400_000)
    values[::2] = np.nan
    markup = html.render(report(series(values)))
    drawn = Page(markup).data["series"][0]
    assert len(markup) < 3_000_000
    assert sum(hole[3] for hole in drawn["holes"]) == 200_000
    assert drawn["holes"][0][0] == 0
    assert drawn["holes"][-1][1] == 399_998


def test_other_series_can_be_laid_over_and_validation_is():
    others = [
        series(decay(100) * 1.2, "val_loss", "validation", np.arange(0, 10_000, 100)),
        series(np.linspace(1e-3, 0, 100), "lr", "", np.arange(0, 10_000, 100)),
        series(decay(5), "val_acc", "validation", np.arange(5), step_name="epoch"),
    ]
    page = Page(html.render(report(series(decay()), others=others)))
    shown = {s["name"]: (s["shown"], s["own"]) for s in page.data["series"]}
    assert shown == {"loss": (True, False), "val_loss": (True, False), "lr": (False, True)}
    assert "1 series is not offered here: counted in other steps" in page.said
    assert "val_acc" in page.said


def test_phases_have_the_letters_of_the_story(failing):
    page = Page(html.render(failing))
    assert [(p["letter"], p["start"], p["stop"], p["tone"]) for p in page.data["phases"]] == [
        ("A", 0, 3000, "neutral"),
        ("B", 6000, 6000, "attention"),
        ("C", 8000, 9999, "failing"),
    ]
    assert [a["data-letter"] for _, a in page.of("li") if "data-letter" in a] == ["A", "B", "C"]


def test_what_an_accuracy_did_is_told_the_right_way_up():
    main = series(1 - decay() / 4, "val_acc")
    page = Page(html.render(report(main, findings=[finding("sudden-drop", 5, 9, "It rises.", of="val_acc")])))
    assert page.data["phases"][0]["name"] == "sudden rise"
    assert "sudden drop" not in page.said


def test_the_trend_goes_through_the_middle_and_ignores_spikes():
    values = decay()
    values[::50] += 30
    steps, level = Page(html.render(report(series(values)))).data["series"][0]["trend"]
    np.testing.assert_allclose(level, decay()[steps], rtol=0.05)


@pytest.mark.parametrize(
    "values",
    [[1.0], [2.0, 2.0], [np.nan] * 4, [np.inf, 1.0], [1.7e308, -1.7e308], [5e-324, 1e-323], []],
    ids=str,
)
def test_any_values_make_a_page(values):
    one = report(series(np.array(values, dtype=float)))
    for subject in (one, Comparison((one, one), "runs")):
        Page(html.render(subject)).data  # noqa: B018 - strict JSON, or it fails
        Page(html.inline(subject))


def test_a_comparison_shows_each_run_in_the_table_and_the_chart(comparison):
    page = Page(html.render(comparison))
    assert "3 runs: 1 failing, 1 not examined, 1 healthy." in page.said
    for one in comparison:
        assert one.headline in page.said
    assert [s["name"] for s in page.data["series"]] == ["exp1", "exp2"]
    assert "1 run is not offered here" in page.said
    assert len(page.of("details")) == 3


def test_a_notebook_gets_a_small_piece_that_stays_in_its_place(failing, comparison):
    for subject in (failing, comparison):
        markup = subject._repr_html_()
        page = Page(markup)
        assert len(markup) < 60_000
        assert not page.of("style")
        assert not page.of("script")
        assert not any("id" in a or "class" in a for _, a in page.elements)
    assert "loss becomes NaN at step 8,000." in Page(failing._repr_html_()).said


def test_the_page_can_be_written_to_a_file(failing, tmp_path):
    path = tmp_path / "page.html"
    assert failing.to_html(path) == path.read_text(encoding="utf-8")


def test_the_licence_of_what_is_vendored_goes_with_it(failing):
    assert "Permission is hereby granted, free of charge" in html.render(failing)
