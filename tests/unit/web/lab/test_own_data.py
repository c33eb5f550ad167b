"""A table of one's own: what is read, what is left out, and what is refused."""

import numpy as np
import pytest

from descentry.core.errors import DescentryError
from descentry.web.lab import _entry, own_data
from descentry.web.lab.bench import Bench
from descentry.web.lab.makers import OwnData
from descentry.web.lab.own_data import read_csv

ROWS = "\n".join(f"{i},{i * 2 % 7},{3 * i}" for i in range(20))


def test_numbers_with_names_are_read_with_the_target_last():
    table, names, notes = read_csv("a,b,price\n" + ROWS)
    assert names == ("a", "b", "price")
    assert table.shape == (20, 3)
    assert notes == ()
    np.testing.assert_array_equal(table[:, 2], 3 * np.arange(20))


def test_a_file_without_names_gets_some():
    table, names, _ = read_csv(ROWS)
    assert names == ("column 1", "column 2", "column 3")
    assert len(table) == 20


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_seen(delimiter):
    table, names, _ = read_csv(("a,b,c\n" + ROWS).replace(",", delimiter))
    assert names == ("a", "b", "c")
    assert table.shape == (20, 3)


def test_what_is_no_number_or_does_not_vary_is_left_out_and_said():
    text = "name,a,same,y\n" + "\n".join(f"n{i},{i},7,{i * i}" for i in range(20))
    table, names, notes = read_csv(text)
    assert names == ("a", "y")
    assert table.shape == (20, 2)
    assert "2 of 4 columns" in notes[0]


def test_rows_with_holes_are_left_out_and_said():
    text = "a,y\n" + "\n".join(f"{i},{i}" for i in range(30)) + "\nnan,1\n,5\n1e999,2\n"
    table, _, notes = read_csv(text)
    assert len(table) == 30
    assert "3 rows" in notes[0]
    assert np.isfinite(table).all()


def test_many_rows_and_columns_are_cut_and_said():
    head = ",".join(f"c{i}" for i in range(30))
    body = "\n".join(",".join(str(r * (c + 1) % 97) for c in range(30)) for r in range(3000))
    table, names, notes = read_csv(f"{head}\n{body}")
    assert table.shape == (own_data.MOST_ROWS, own_data.MOST_COLUMNS)
    assert names[-1] == "c29"
    assert len(notes) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "a\n1\n2",
        "a,b\nx,y\nz,w",
        "1,2\n3,4",
        "\x00\x01\x02",
        "<html></html>",
        "a,b\n" + "1,2\n" * 50,
        '"',
        "a" * 200_000,
    ],
)
def test_what_is_no_table_is_refused_kindly(text):
    with pytest.raises(DescentryError):
        read_csv(text)


def test_a_file_that_is_too_large_is_refused():
    with pytest.raises(DescentryError, match="MiB"):
        read_csv("1,2\n" * 400_000)


def test_a_scene_trains_on_it():
    table, names, _ = read_csv("a,b,price\n" + ROWS)
    scene = _entry.scene("learning-rate")
    *_, picture = scene.run(scene.read({"model": "own", "rate": 0.1}), Bench(own=OwnData(table, names)))
    assert picture.answer == "learns"


def test_without_a_file_a_scene_says_what_is_missing():
    scene = _entry.scene("learning-rate")
    with pytest.raises(DescentryError, match="CSV"):
        list(scene.run(scene.read({"model": "own"}), Bench()))
