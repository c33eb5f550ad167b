"""The package from outside: what it exports, what it drags in, and the direction of its imports."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import descentry

ROOT = Path(__file__).parents[1]


def modules_after(code):
    listing = f"{code}\nimport sys\nprint(*sorted(sys.modules))"
    return set(
        subprocess.run(
            [sys.executable, "-c", listing], capture_output=True, text=True, check=True
        ).stdout.split()
    )


@pytest.mark.parametrize("name", descentry.__all__)
def test_every_public_name_is_there(name):
    assert getattr(descentry, name).__doc__


def test_dir_lists_the_public_names():
    assert set(descentry.__all__) < set(dir(descentry))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'descentry' has no attribute 'explian'"):
        descentry.explian  # noqa: B018


def test_public_names_stay_what_they_are_whatever_is_imported_first():
    everything = """
import importlib, pkgutil, descentry
for module in pkgutil.walk_packages(descentry.__path__, "descentry."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as missing:
        assert missing.name == "torch", missing
assert all(callable(getattr(descentry, name)) for name in descentry.__all__), descentry.explain
"""
    modules_after(everything)


def test_importing_descentry_loads_nothing_else():
    assert not modules_after("import descentry") & {"numpy", "rich", "torch", "pandas", "scipy", "pyarrow"}


def test_a_run_is_explained_without_torch_pandas_or_scipy():
    log = str(ROOT / "examples" / "digits-healthy.csv")
    loaded = modules_after(f"import descentry; str(descentry.explain({log!r}))")
    assert not loaded & {"torch", "pandas", "scipy", "sklearn", "polars", "pyarrow", "matplotlib", "numpy.ma"}


def test_imports_follow_the_flow():
    tool = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if tool is None:
        pytest.skip("import-linter is not installed: pip install -e '.[dev]'")
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
