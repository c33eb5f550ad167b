"""The page of the lab names what there is."""

from pathlib import Path

from descentry.web.lab._entry import scenes
from descentry.web.lab.expression import FUNCTIONS

PAGE = (Path(__file__).parents[4] / "docs" / "lab.md").read_text(encoding="utf-8")


def test_every_scene_is_in_it():
    for scene in scenes().values():
        assert f"| {scene.number} | {scene.title} |" in PAGE


def test_every_function_of_a_users_own_loss_is_in_it():
    assert f"`{' '.join(FUNCTIONS)}`" in PAGE
