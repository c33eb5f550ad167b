"""Pictures of the pages for the docs, put where DESCENTRY_PICTURES says; else only that they can be made."""

import os
from pathlib import Path

import numpy as np
import pytest

import descentry

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The recorded examples, and a run with everything that is measured beside a curve."""
    place = tmp_path_factory.mktemp("runs")
    for path in EXAMPLES.glob("*.csv"):
        (place / path.name).write_bytes(path.read_bytes())
    rng = np.random.default_rng(0)
    with descentry.record(place / "steep-and-noisy", config={"batch_size": 64, "lr": 0.1}) as run:
        for i in range(3000):
            lr = 0.1 if i < 2000 else 0.01
            loss = 2.3 * np.exp(-i / 500) + 0.4 + 0.1 * rng.normal() * (1 if i < 2000 else 0.3)
            more = {"val_loss": 2.3 * np.exp(-i / 600) + 0.55} if i % 20 == 0 else {}
            if i % 50 == 0:
                more |= {
                    "update_ratio": lr / 100 * np.exp(0.1 * rng.normal()),
                    "sharpness": 18 + 4 * np.sin(i / 300),
                    "noise_scale": 300 + i / 10,
                }
            spike = 9.0 if i in {777, 1500} else loss
            run.log(i, loss=spike, lr=lr, grad_norm=1.4 * np.exp(0.3 * rng.normal()), **more)
    return place


@pytest.fixture
def picture(tmp_path):
    """Keeps a picture of what is seen of a page."""
    place = Path(os.environ.get("DESCENTRY_PICTURES", tmp_path))
    place.mkdir(parents=True, exist_ok=True)

    def keep(page, name):
        page.mouse.move(0, 0)
        page.wait_for_timeout(600)
        path = place / f"{name}.png"
        page.screenshot(path=path, animations="disabled")
        assert path.stat().st_size > 10_000

    return keep


@pytest.mark.parametrize(("name", "width", "dark"), [("board", 1200, False), ("board-phone", 390, True)])
def test_the_board(folder, shared, new_page, picture, name, width, dark):
    page = new_page(width=width, height=480 if width > 400 else 800, dark=dark)
    page.goto(shared("board", folder).address("/board"))
    expect(page.locator("#runs tr")).to_have_count(4)
    picture(page, name)


@pytest.mark.parametrize(("name", "run", "dark"), [("run", "steep", False), ("run-dark", "too-large", True)])
def test_a_run(folder, shared, new_page, picture, name, run, dark):
    page = new_page(width=1200, height=1250, dark=dark)
    page.goto(shared("board", folder).address("/board"))
    page.locator("#runs th a", has_text=run).click()
    expect(page.locator("#told section").first).to_be_visible()
    picture(page, name)


def test_runs_beside_each_other(folder, shared, new_page, picture):
    page = new_page(width=1200, height=820)
    page.goto(shared("board", folder).address("/board"))
    for name in ("digits-healthy", "digits-plateau-and-drop"):
        page.get_by_role("checkbox", name=f"Compare {name}").check()
    page.locator("#compare").click()
    expect(page.locator("#runs tr")).to_have_count(2)
    picture(page, "compare")
