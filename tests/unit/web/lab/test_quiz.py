"""The quiz: its answers are what the code that reads real runs says."""

import pytest

from descentry.core import catalog
from descentry.web.lab import quiz

QUESTIONS = quiz.questions()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q["title"][:40])
def test_the_right_answer_is_found_in_the_curve_and_no_wrong_one_is(question):
    offered = {id for id, _ in question["answers"]}
    assert question["answer"] in offered & set(question["shows"])
    assert not (offered - {question["answer"]}) & set(question["shows"])
    assert len(offered) == 4


def test_answers_are_behaviours():
    assert {id for id, _ in quiz.ANSWERS} <= set(catalog.entries("behaviours"))


def test_curves_are_of_many_kinds_and_say_where_they_are_from():
    assert len({q["answer"] for q in QUESTIONS}) >= 6
    assert all(q["origin"] and q["title"] for q in QUESTIONS)
