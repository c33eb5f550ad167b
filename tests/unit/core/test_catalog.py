import importlib
import sys

import pytest

from descentry.core import catalog
from descentry.core.errors import UnknownNameError


@pytest.fixture
def fresh():
    """An empty cache before and after, so that what a test adds is seen and does not stay."""
    catalog.entries.cache_clear()
    catalog.modules.cache_clear()
    yield
    catalog.entries.cache_clear()
    catalog.modules.cache_clear()


@pytest.fixture
def add(monkeypatch, tmp_path, fresh):
    """Adds a file to a room, as a contributor would."""

    def add_file(room, name, text):
        package = importlib.import_module(f"descentry.{room}")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.delitem(sys.modules, f"descentry.{room}.{name}", raising=False)
        importlib.invalidate_caches()

    return add_file


ENTRY = "from types import SimpleNamespace\nBEHAVIOUR = SimpleNamespace(id={id!r})\n"


@pytest.mark.parametrize("room", list(catalog.ROOMS))
def test_every_room_has_entries_under_their_own_ids(room):
    entries = catalog.entries(room)
    assert entries
    assert all(entry.id == id for id, entry in entries.items())


def test_a_new_file_is_an_entry_without_any_list_to_edit(add):
    add("behaviours", "zigzag", ENTRY.format(id="zig-zag"))
    assert catalog.entry("behaviours", "zig-zag").id == "zig-zag"
    assert "zigzag" in catalog.modules("behaviours")


def test_files_with_a_leading_underscore_are_helpers(add):
    add("behaviours", "_zigzag", ENTRY.format(id="zig-zag"))
    assert "zig-zag" not in catalog.entries("behaviours")


def test_two_entries_of_one_name_are_refused(add):
    taken = next(iter(catalog.entries("behaviours")))
    catalog.entries.cache_clear()
    catalog.modules.cache_clear()
    add("behaviours", "zigzag", ENTRY.format(id=taken))
    with pytest.raises(ValueError, match=f"two behaviours are called '{taken}'"):
        catalog.entries("behaviours")


@pytest.fixture
def distribution(tmp_path, monkeypatch, fresh):
    """Installs a distribution that adds readers, as pip leaves it on the path."""

    def install(module, points):
        info = tmp_path / "theirs-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[descentry.readers]\n{points}\n")
        (tmp_path / "their_readers.py").write_text(module)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "their_readers", raising=False)

    return install


def test_other_distributions_add_entries_and_cannot_replace_ours(distribution):
    ours = next(iter(catalog.entries("readers")))
    catalog.entries.cache_clear()
    entry = "class Entry:\n    def __init__(self, id):\n        self.id = id\n"
    distribution(
        f"{entry}new = Entry('their-format')\nold = Entry({ours!r})\n",
        "new = their_readers:new\nold = their_readers:old",
    )
    assert type(catalog.entry("readers", "their-format")).__module__ == "their_readers"
    assert type(catalog.entry("readers", ours)).__module__ != "their_readers"


def test_a_broken_entry_of_others_is_left_out_with_a_warning(distribution):
    distribution("raise RuntimeError('broken at import')", "new = their_readers:new")
    catalog.entries.cache_clear()
    with pytest.warns(UserWarning, match="their_readers:new.*broken at import"):
        entries = catalog.entries("readers")
    assert "csv" in entries


def test_an_unknown_entry_gets_the_nearest_suggested():
    with pytest.raises(UnknownNameError, match="Did you mean 'plateau'"):
        catalog.entry("behaviours", "platau")


def test_an_unknown_room_gets_the_nearest_suggested():
    with pytest.raises(UnknownNameError, match="Did you mean 'readers'"):
        catalog.entries("reader")


def test_the_list_of_entries_cannot_be_changed():
    with pytest.raises(TypeError):
        catalog.entries("readers")["mine"] = object()
