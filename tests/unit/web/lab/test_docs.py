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


def test_the_server_needs_no_torch_to_show_the_lab():
    import subprocess
    import sys

    code = "import sys; import descentry.web.lab.part; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=600).returncode == 0
