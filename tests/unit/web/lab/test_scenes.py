"""Every scene: its page, its controls, the behaviours that it must reach, and its script."""

import contextlib
import io
import json
import math

import numpy as np
import pytest
import torch

from descentry.core import catalog
from descentry.core.errors import DescentryError
from descentry.web.lab import _entry, pictures
from descentry.web.lab.bench import Bench
from descentry.web.lab.pictures import Picture

SCENES = list(_entry.scenes().values())
CASES = [pytest.param(s, c, id=f"{s.id}: {c.name}") for s in SCENES for c in s.cases]


def last(scene, settings, own=None):
    found = None
    for picture in scene.run(scene.read(settings), Bench(own=own, longest=math.inf)):
        found = picture
    assert isinstance(found, Picture)
    assert found.whole
    return found


def first_case(scene):
    return scene.cases[0].settings if scene.cases else {}


@pytest.mark.parametrize(("scene", "case"), CASES)
def test_a_scene_reaches_what_its_case_says(scene, case):
    picture = last(scene, case.settings)
    seen = {phase["behaviour"] for phase in picture.told["phases"]}
    assert set(case.shows) <= seen
    assert not set(case.not_shows) & seen
    if case.answer:
        assert picture.answer == case.answer
    if case.cause:
        assert case.cause in {c["cause"] for c in picture.told["causes"]}
    if case.status:
        assert picture.told["convergence"]["status"] == case.status


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.id)
def test_a_scene_tells_what_happened_and_which_answer_was_right(scene):
    picture = last(scene, first_case(scene))
    assert picture.happened.endswith(".")
    assert picture.answer in {id for id, _ in scene.question.answers}


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.id)
def test_every_answer_of_the_question_can_come_true(scene):
    assert {c.answer for c in scene.cases} >= {id for id, _ in scene.question.answers}


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.id)
def test_a_scene_has_a_page_with_all_headings_in_order(scene):
    page = _entry.page(scene.id)
    found = [line[3:] for line in page.splitlines() if line.startswith("## ")]
    assert tuple(found) == _entry.HEADINGS
    assert page.splitlines()[0].endswith(".")


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.id)
def test_cases_name_behaviours_and_causes_that_exist(scene):
    for case in scene.cases:
        assert set(case.shows) | set(case.not_shows) <= set(catalog.entries("behaviours"))
        assert not case.cause or case.cause in catalog.entries("causes")
        scene.read(case.settings)


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.id)
def test_what_the_page_gets_of_a_scene_is_json(scene):
    assert json.loads(json.dumps(scene.plain(), allow_nan=False))["id"] == scene.id


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.id)
def test_pictures_travel_as_json_and_arrays(scene):
    plain, arrays = pictures.parts(last(scene, first_case(scene)))
    json.dumps(plain, allow_nan=False)
    assert arrays
    assert all(a.dtype == np.float64 for a in arrays.values())


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.id)
def test_a_script_prints_the_losses_of_the_scene(scene, monkeypatch, tmp_path):
    settings = scene.read(first_case(scene))
    picture = last(scene, settings)
    charts = [c for c in (picture.chart, *picture.panels) if c is not None]
    yours = next(line.y for chart in charts for line in chart.lines if line.role == "yours")
    printed = losses_of(scene.script(settings))
    assert len(printed) == len(yours)
    np.testing.assert_allclose(printed, yours, rtol=1e-6, atol=1e-12)


def losses_of(script):
    out = io.StringIO()
    before = torch.get_default_dtype()
    try:
        with contextlib.redirect_stdout(out), torch.random.fork_rng(devices=[]):
            exec(compile(script, "script.py", "exec"), {"__name__": "__main__"})
    finally:
        torch.set_default_dtype(before)
    return [float(line.split()[1]) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("scene", SCENES, ids=lambda s: s.id)
def test_settings_that_a_control_cannot_have_are_refused(scene):
    with pytest.raises(DescentryError):
        scene.read({"no such control": 1})
    for control in scene.controls:
        with pytest.raises(DescentryError):
            scene.read({control.id: ["a list"]})
        with pytest.raises(DescentryError):
            scene.read({control.id: None})


def test_sliders_keep_within_their_bounds():
    scene = _entry.scene("learning-rate")
    assert scene.read({"rate": 1e9})["rate"] == 10.0
    with pytest.raises(DescentryError):
        scene.read({"rate": float("nan")})


def test_a_scene_that_does_not_exist_gets_the_nearest_suggested():
    with pytest.raises(DescentryError, match="learning-rate"):
        _entry.scene("lerning-rate")
