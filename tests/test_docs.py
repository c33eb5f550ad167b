"""The documentation is true: examples run, links lead somewhere, and nothing it should name is missing."""

import doctest
import functools
import importlib
import importlib.metadata
import importlib.util
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests._probes import Training, measured, values

import descentry
import descentry.commands
from descentry import cli, readers
from descentry.behaviours._curve import Curve
from descentry.core import catalog
from descentry.core.data import Series
from descentry.export._table import table_of
from descentry.story import facts_of

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("examples/*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("docs/decisions/*.md"),
    ]
)
TEXT = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
FENCE = re.compile(r"^(?P<fence>```+)python\n(?P<code>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
EXAMPLES = [
    pytest.param(found["code"], id=f"{name}:{text[: found.start()].count(chr(10)) + 2}")
    for name, text in TEXT.items()
    for found in FENCE.finditer(text)
]
USES = [example for example in EXAMPLES if "import descentry" in example.values[0]]
RECIPES = {
    room: [e.values[0] for e in EXAMPLES if f"\n{constant} = " in e.values[0]]
    for room, constant in catalog.ROOMS.items()
}


COMMANDS = [e.values[0] for e in EXAMPLES if "\nCOMMAND = " in e.values[0]]


def load(path):
    """A script that is no module of ours."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# The examples.


@pytest.mark.parametrize("code", USES)
def test_python_examples_run(code, monkeypatch, tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "example", "exec"), {"__name__": "__main__"})


def test_every_python_example_is_run_or_is_a_recipe():
    assert len(USES) + sum(map(len, [*RECIPES.values(), COMMANDS])) == len(EXAMPLES)


@pytest.mark.parametrize("name", [m.name for m in pkgutil.walk_packages(descentry.__path__, "descentry.")])
def test_examples_in_docstrings_run(name):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != "torch":
            raise
        pytest.skip("needs torch, which is not installed here")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("page", load(ROOT / "docs" / "_ext" / "paste.py").PAGES)
def test_the_output_shown_is_what_is_printed(page):
    paste = load(ROOT / "docs" / "_ext" / "paste.py")
    assert TEXT[page] == paste.pasted(TEXT[page]), "run: python docs/_ext/paste.py"


# The recipes of CONTRIBUTING.md.


def test_the_recipe_for_a_command_runs(monkeypatch, tmp_path, capsys):
    (code,) = COMMANDS
    monkeypatch.setattr(descentry.commands, "__path__", [*descentry.commands.__path__, str(tmp_path)])
    (tmp_path / "last.py").write_text(code, encoding="utf-8")
    importlib.invalidate_caches()
    descentry.commands.names.cache_clear()
    try:
        assert cli.main(["last", str(ROOT / "examples" / "digits-healthy.csv")]) == 0
        assert re.search(r"^loss +0\.\d+$", capsys.readouterr().out, re.MULTILINE)
        assert cli.main([]) == 0
        assert "last RUN" in capsys.readouterr().out
    finally:
        sys.modules.pop("descentry.commands.last", None)
        descentry.commands.names.cache_clear()


@pytest.fixture
def recipe(monkeypatch, tmp_path):
    """Adds the example entry of a room as a file, as a contributor would."""

    def add(room):
        (code,) = RECIPES[room]
        package = importlib.import_module(f"descentry.{room}")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
        (tmp_path / "recipe.py").write_text(code, encoding="utf-8")
        importlib.invalidate_caches()
        catalog.entries.cache_clear()
        catalog.modules.cache_clear()
        return catalog.modules(room)["recipe"]

    yield add
    for room in catalog.ROOMS:
        sys.modules.pop(f"descentry.{room}.recipe", None)
    catalog.entries.cache_clear()
    catalog.modules.cache_clear()


def test_the_recipe_for_a_reader_reads(recipe, tmp_path):
    reader = recipe("readers").READER
    path = reader.write_sample(tmp_path, [(1, 2.5), (2, float("nan")), (4, 0.25)])
    (run,) = readers.read_all(path)
    assert run.reader == reader.id
    np.testing.assert_array_equal(run["cost"].step, [1, 2, 4])
    np.testing.assert_array_equal(run["cost"].value, [2.5, np.nan, 0.25])


def test_the_recipe_for_a_cause_tells_its_cases_apart(recipe):
    cause = recipe("causes").CAUSE
    for case, told in [*((c, True) for c in cause.seen_in), *((c, False) for c in cause.quiet_on)]:
        diagnoses = descentry.explain(case.run()).diagnoses
        (found,) = (d for d in diagnoses if d.cause == cause.id)
        assert (found.status == "supported") == told, case.name


def test_the_recipe_for_a_remedy_is_sized(recipe):
    remedy = recipe("remedies").REMEDY
    (case,) = catalog.entry("causes", "lr-too-high").seen_in[:1]
    sized = remedy.size(facts_of(case.run()))
    assert sized.id == remedy.id
    assert sized.sentence.endswith(".")


def test_the_recipe_for_a_behaviour_tells_its_cases_apart(recipe):
    behaviour = recipe("behaviours").BEHAVIOUR

    def findings(case):
        values = np.asarray(case.values())
        return behaviour.find(Curve(Series("loss", "", np.arange(len(values)), values)))

    assert all(findings(case) for case in behaviour.seen_in)
    assert not any(findings(case) for case in behaviour.quiet_on)


def test_the_recipe_for_an_instrument_measures(recipe):
    instrument = recipe("instruments").INSTRUMENT
    model, x = torch.nn.Linear(2, 1, bias=False), torch.tensor([[3.0, -5.0]])
    training = Training(model, torch.optim.SGD(model.parameters()), lambda out, _: out.sum(), (x,), ())
    assert values(measured(instrument, training)) == {"": 5.0}


def test_the_recipe_for_an_exporter_reads_back(recipe, tmp_path):
    exporter = recipe("export").EXPORTER
    run = readers.read(ROOT / "examples" / "digits-healthy.csv")
    path = tmp_path / f"out{exporter.suffix}"
    exporter.write(table_of(run), path)
    back = readers.read(path)
    for series in run.series:
        np.testing.assert_array_equal(back[series.name].step, series.step)
        np.testing.assert_array_equal(back[series.name].value, series.value)


@pytest.mark.parametrize("room", list(catalog.ROOMS))
def test_a_recipe_has_the_headings_of_its_room(recipe, room):
    page = recipe(room).__doc__
    known = catalog.modules(room)
    others = {
        tuple(re.findall(r"^## (.+)$", m.__doc__, re.MULTILINE)) for n, m in known.items() if n != "recipe"
    }
    assert tuple(re.findall(r"^## (.+)$", page, re.MULTILINE)) in others


# The command line.


def options(text):
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))


@functools.cache
def helped(*words):
    command = [sys.executable, "-m", "descentry.cli", *words, "--help"]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout


@functools.cache
def commands():
    """The commands that the help names."""
    return re.findall(r"^  ([a-z-]+) .*? {2,}", helped().partition("\noptions:")[0], re.MULTILINE)


def test_every_command_and_option_is_documented_and_no_other():
    page = TEXT["docs/cli.md"]
    known = options(helped())
    assert sorted(commands()) == list(descentry.commands.names())
    for command in commands():
        assert re.search(rf"^## {command}$", page, re.MULTILINE), command
        known |= options(re.sub(r"(?s)^examples:.*?\n\n", "", helped(command)))
    assert {o for o in options(page) if o != "-"} == known


@pytest.mark.parametrize("page", [p for p in TEXT if "descentry explain" in TEXT[p]])
def test_commands_shown_in_the_pages_have_options_that_exist(page):
    known = options(helped()) | {o for command in commands() for o in options(helped(command))}
    for line in re.findall(
        r"^(?:    |\$ |.*\| )?(descentry (?:explain|list) [^|\n]*)", TEXT[page], re.MULTILINE
    ):
        assert options(line) <= known, line


def test_exit_codes_are_documented():
    codes = re.findall(r"^  (\d)  ", helped("explain"), re.MULTILINE)
    assert codes
    assert re.findall(r"^\| (\d) \|", TEXT["docs/cli.md"], re.MULTILINE) == codes


# What must be named.


@pytest.mark.parametrize("room", list(catalog.ROOMS))
def test_every_entry_gets_a_page_in_the_list_of_its_room(room, tmp_path):
    pages = load(ROOT / "docs" / "_ext" / "entries.py").write(tmp_path)
    index = (tmp_path / "generated" / room / "index.md").read_text(encoding="utf-8")
    for name, module in catalog.modules(room).items():
        page = tmp_path / "generated" / room / f"{name}.md"
        assert page in pages
        assert getattr(module, catalog.ROOMS[room]).title in index
        assert f"\n{name}\n" in index
        assert "## " in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("room", list(catalog.ROOMS))
def test_every_room_is_in_the_contents_the_architecture_and_the_recipes(room):
    assert f"generated/{room}/index" in TEXT["docs/index.md"]
    assert f"`{room}/`" in TEXT["docs/architecture.md"]
    assert len(RECIPES[room]) == 1


def test_every_public_name_is_on_the_page_for_python():
    assert {name for name in descentry.__all__ if name not in TEXT["docs/api.md"]} == set()


def test_every_page_is_reachable_from_the_contents():
    trees = re.findall(r"```\{toctree\}\n(.*?)```", TEXT["docs/index.md"], re.DOTALL)
    entries = [line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")]
    reached = {page for entry in entries for page in (ROOT / "docs").glob(f"{entry}.md")}
    pages = {*(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("decisions/*.md")}
    assert pages - reached == {ROOT / "docs" / "index.md"}


def anchors(page):
    """What links can name on a page: its headings, as MyST and forges spell them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", list(TEXT))
def test_links_lead_somewhere(page):
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", TEXT[page]):
        if re.match(r"https?:|mailto:|generated/", target):
            continue
        there = (ROOT / page).parent / target if target else ROOT / page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), f"{target}#{anchor}"


def test_pages_that_the_code_refers_to_exist():
    files = [*ROOT.glob("src/**/*.py"), *ROOT.glob("benchmarks/**/*.py"), ROOT / "pyproject.toml"]
    named = {
        page for file in files for page in re.findall(r"docs/[\w/-]+\.md", file.read_text(encoding="utf-8"))
    }
    assert {page for page in named if not (ROOT / page).exists()} == set()


@pytest.mark.parametrize("page", list(TEXT))
def test_every_make_target_that_is_named_exists(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for line in re.findall(r"(?:^    |`)make ([a-z ]+?)(?=`|  |$)", TEXT[page], re.MULTILINE):
        assert set(line.split()) <= targets, line


# What is installed.


def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_constraints_are_plain_pins_in_order():
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins())
    names = [pin.partition("==")[0].casefold() for pin in pins()]
    assert names == sorted(names)
    assert "torch==2.13.0" in pins()


def test_everything_that_is_needed_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    waiting = [*project["project"]["dependencies"], *(need for extra in extras for need in extra)]
    waiting += project["build-system"]["requires"]
    pinned = {canonicalize_name(pin.partition("==")[0]) for pin in pins()}
    seen = {"descentry"}
    while waiting:
        need = Requirement(waiting.pop())
        name = canonicalize_name(need.name)
        if name in seen or (need.marker and not need.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        assert name in pinned, f"{name} has no pin in constraints.txt"
        try:
            waiting += importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # of an extra that is not installed here


def test_ci_runs_the_tests():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert re.search(r"^make .*\btest\b", script.read_text(encoding="utf-8"), re.MULTILINE)
