"""The flights that were signed."""

import sqlite3

import pytest

from descentry.core.errors import DescentryError, NotFoundError
from descentry.web.flight._level import level
from descentry.web.flight.leaderboard import KEPT, Leaderboard, clean
from descentry.web.flight.log import Log, Move


def log(seed=1):
    return Log(level("bowl"), seed, (Move(0, "rate", 1.0),), 80)


@pytest.fixture
def board(tmp_path):
    return Leaderboard(tmp_path / "deep" / "flights.sqlite")


def test_flights_are_ranked_by_regret_within_their_seed(board):
    assert board.top("bowl", 1) == []
    assert board.sign("Ada", log(), 0.4, 0.1) == 1
    assert board.sign("Grace", log(), 0.1, 0.05) == 1
    assert board.sign("Alan", log(), 0.2, 0.07) == 2
    assert board.sign("Other", log(seed=2), 0.0, 0.01) == 1
    assert [r.name for r in board.top("bowl", 1)] == ["Grace", "Alan", "Ada"]
    assert board.top("ravine", 1) == []
    name, flown = board.log(board.top("bowl", 1)[0].id)
    assert name == "Grace"
    assert flown == log()


def test_the_board_forgets_the_worst(board):
    for i in range(KEPT + 5):
        board.sign(f"p{i}", log(), float(i), 1.0)
    assert len(board.top("bowl", 1, 1000)) == KEPT


@pytest.mark.parametrize("name", ["", "   ", "\n\u202e\u200b", None, 5, ["a"]])
def test_a_name_that_is_none_is_refused(board, name):
    with pytest.raises(DescentryError, match="name"):
        board.sign(name, log(), 0.1, 0.1)


def test_names_are_plain_short_and_otherwise_their_owners_own():
    assert clean("<script>alert(1)</script>") == "<script>alert(1)</script"[:24]
    assert clean("Robert'); DROP TABLE flights;--") == "Robert'); DROP TABLE fli"
    assert clean("Łukasz 🚀") == "Łukasz 🚀"
    assert clean("a\u202eb\x00c") == "a b c"


def test_a_name_that_is_sql_is_a_name(board):
    board.sign("'); DROP TABLE flights;--", log(), 0.1, 0.1)
    assert board.top("bowl", 1)[0].name == "'); DROP TABLE flights;-"


def test_a_file_that_is_no_leaderboard_is_said(tmp_path):
    path = tmp_path / "flights.sqlite"
    path.write_text("not a database at all, but long enough to look like one" * 20)
    with pytest.raises(DescentryError, match="cannot be used"):
        Leaderboard(path).top("bowl", 1)


def test_a_flight_that_is_not_there_is_said(board):
    with pytest.raises(NotFoundError, match="no flight number 3"):
        board.log(3)


def test_another_server_may_write_at_the_same_time(board, tmp_path):
    board.sign("Ada", log(), 0.4, 0.1)
    with sqlite3.connect(tmp_path / "deep" / "flights.sqlite") as other:
        other.execute("SELECT * FROM flights").fetchall()
        assert board.top("bowl", 1)[0].name == "Ada"
    other.close()
