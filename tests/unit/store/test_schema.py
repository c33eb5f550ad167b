"""Versions of the file: brought up to date, refused when newer, and whole when that fails."""

import sqlite3

import pytest

from descentry import readers
from descentry.core.errors import DescentryError
from descentry.store import _opening, reading, schema
from descentry.store._disk import _chunk
from descentry.store._rows import Group
from descentry.store.writing import RunWriter


def version_1(path, rows=20):
    """A file as the first version wrote it, made step by step so that it stays what it was."""
    connection = sqlite3.connect(path, isolation_level=None)
    schema.migrate(connection, schema.STEPS[:1])
    connection.execute("INSERT INTO run VALUES (1, 'old', 1.7e9, '{\"lr\": 0.1}')")
    connection.execute("INSERT INTO launches VALUES (1, 1.7e9, 0, 42, 'there', 1.7e9, 1.7e9, 'ended')")
    connection.execute("INSERT INTO groups VALUES (1, '[\"loss\"]')")
    group = Group(("loss",))
    packed = group.rows(group.pack(step, step, 1.7e9 + step, step * 0.5) for step in range(rows))
    connection.execute("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _chunk(1, 1, packed))
    connection.execute("INSERT INTO journal VALUES (1, 1.7e9, 3, 'note', '\"old\"')")
    connection.close()


def add_a_colour(connection):
    connection.execute("ALTER TABLE run ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'")


def check_is_version_1(stored):
    assert (stored.name, stored.config, stored.status) == ("old", {"lr": 0.1}, "ended")
    assert stored.series["loss"].value.tolist() == [step * 0.5 for step in range(20)]
    assert stored.journal[0].data == "old"


def test_a_file_of_version_1_is_read(tmp_path):
    version_1(tmp_path / "run.sqlite")
    check_is_version_1(reading.read(tmp_path))
    with sqlite3.connect(tmp_path / "run.sqlite") as connection:
        schema.migrate(connection)
        assert schema.version_of(connection) == schema.VERSION
    connection.close()


def test_a_file_is_brought_up_a_version_and_keeps_everything(tmp_path):
    version_1(tmp_path / "run.sqlite")
    connection = sqlite3.connect(tmp_path / "run.sqlite", isolation_level=None)
    schema.migrate(connection, (*schema.STEPS[:1], add_a_colour))
    assert schema.version_of(connection) == 2
    assert connection.execute("SELECT name, colour FROM run").fetchone() == ("old", "blue")
    schema.migrate(connection, (*schema.STEPS[:1], add_a_colour))
    connection.close()


def test_an_older_file_is_read_without_being_changed(tmp_path, monkeypatch):
    version_1(tmp_path / "run.sqlite")
    before = (tmp_path / "run.sqlite").read_bytes()
    steps = (*schema.STEPS[:1], add_a_colour)
    migrate = schema.migrate
    monkeypatch.setattr(schema, "VERSION", 2)
    monkeypatch.setattr(schema, "migrate", lambda connection: migrate(connection, steps))
    check_is_version_1(reading.read(tmp_path))
    connection = _opening.open_run(tmp_path / "run.sqlite")
    assert connection.execute("SELECT colour FROM run").fetchone() == ("blue",)
    connection.close()
    assert (tmp_path / "run.sqlite").read_bytes() == before


def test_a_resume_brings_the_file_up(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    version_1(tmp_path / "run" / "run.sqlite")
    migrate, steps = schema.migrate, (*schema.STEPS[:1], add_a_colour)
    monkeypatch.setattr(schema, "VERSION", 2)
    monkeypatch.setattr(schema, "migrate", lambda connection: migrate(connection, steps))
    writer = RunWriter.open(tmp_path / "run", resume=True)
    assert writer.folder == tmp_path / "run"
    assert schema.version_of(writer._disk.connection) == 2
    writer.close()


def test_a_migration_that_fails_leaves_the_old_version_whole(tmp_path):
    version_1(tmp_path / "run.sqlite")
    connection = sqlite3.connect(tmp_path / "run.sqlite", isolation_level=None)

    def fails(connection):
        connection.execute("DELETE FROM chunks")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        schema.migrate(connection, (*schema.STEPS[:1], add_a_colour, fails))
    assert schema.version_of(connection) == 1
    connection.close()
    check_is_version_1(reading.read(tmp_path))


@pytest.fixture
def newer(tmp_path):
    version_1(tmp_path / "run.sqlite")
    connection = sqlite3.connect(tmp_path / "run.sqlite", isolation_level=None)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    return tmp_path


def test_a_newer_file_is_refused_with_what_to_do(newer):
    with pytest.raises(DescentryError, match="newer descentry") as caught:
        readers.read_all(newer)
    assert "--upgrade descentry" in str(caught.value)
    assert str(newer) in str(caught.value)


def test_a_newer_file_is_not_joined(newer):
    before = (newer / "run.sqlite").read_bytes()
    with pytest.warns(RuntimeWarning, match="not free to be joined"):
        writer = RunWriter.open(newer, resume=True)
    writer.close()
    assert writer.folder != newer
    assert (newer / "run.sqlite").read_bytes() == before
