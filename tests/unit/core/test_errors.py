import pytest

from descentry.core import errors


def test_first_line_says_what_and_where_and_the_rest_how_to_mend_it():
    error = errors.DescentryError(
        "no step column", where="runs/a.csv", how="Found: epoch, loss.\nName one: --step COLUMN"
    )
    assert str(error).splitlines() == [
        "runs/a.csv: no step column",
        "  Found: epoch, loss.",
        "  Name one: --step COLUMN",
    ]
    assert (error.what, error.where) == ("no step column", "runs/a.csv")


def test_an_error_without_a_place_or_a_remedy_is_one_plain_line():
    assert str(errors.DescentryError("nothing was given")) == "nothing was given"


def test_a_misspelt_name_gets_the_nearest_one_suggested_and_the_known_ones_listed():
    error = errors.UnknownNameError(
        "there is no series called 'los'", name="los", known=["loss", "accuracy"], where="a.csv"
    )
    assert error.suggestion == "loss"
    assert "Did you mean 'loss'?" in str(error)
    assert "Known: loss, accuracy" in str(error)
    assert error.known == ("loss", "accuracy")


def test_a_name_like_no_other_gets_no_suggestion():
    error = errors.UnknownNameError("no", name="zebra", known=["loss"])
    assert error.suggestion is None
    assert "Did you mean" not in str(error)


def test_it_is_said_when_there_is_nothing_to_choose_from():
    assert "There are none." in str(errors.UnknownNameError("no such run", name="a", known=[]))


@pytest.mark.parametrize("name", ["LOSS", "Loss", "losss"])
def test_nearest_overlooks_case_and_small_slips(name):
    assert errors.nearest(name, ["train/acc", "loss", "lr"]) == "loss"


def test_a_long_list_is_cut_and_counted():
    text = errors.listed(f"metric{i}" for i in range(100))
    assert text.endswith("and 88 more")
    assert len(text) < 200


@pytest.mark.parametrize(
    "kind",
    [
        errors.NotFoundError,
        errors.UnknownFormatError,
        errors.NoCurveError,
        errors.SeveralRunsError,
        errors.TooLargeError,
        errors.MissingExtraError,
    ],
)
def test_one_except_clause_catches_every_mistake_of_a_user(kind):
    with pytest.raises(errors.DescentryError, match=r"a\.csv: something"):
        raise kind("something", where="a.csv")


def test_programs_can_read_what_was_found_instead():
    assert errors.NoCurveError("no curve", found=["task", "score"]).found == ("task", "score")
    assert errors.SeveralRunsError("2 runs", runs=["a", "b"]).runs == ("a", "b")
