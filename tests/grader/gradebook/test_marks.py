"""A person's marks: rows are taken all or not at all, and marks outlive grading again."""

import pytest
from msgspec.structs import replace

from grader.gradebook import Command, Gradebook
from grader.gradebook.marks import Mark, MarksError, read_marks, with_overrides
from grader.reports.tables import TableError
from grader.results import Override, QuestionResult, Results, SubmissionResult


def submission(student="ana", *, score=1.0, text=None, problem=None, **fields):
    """A submission with a computed question and a text that waits for a person."""
    questions = (
        QuestionResult(id="dw", score=score, max_score=4.0, verdict="wrong_value", message=""),
        QuestionResult(id="why", score=text, max_score=2.0, verdict="needs_human", message=""),
    )
    given = {
        "id": student, "name": None, "path": f"{student}.py", "sha256": "5f" * 32,
        "score": score, "max_score": 6.0, "pending": 2.0, "seconds": 0.1, "problem": problem,
        "torch": "facade", "isolation": None, "questions": () if problem else questions,
    }  # fmt: skip
    return SubmissionResult(**(given | fields))


RESULTS = Results(
    assignment="sums",
    title="Sums",
    grader_version="0",
    seed="s",
    submissions=(
        submission("ana"),
        submission("joão"),
        submission("kim", problem="unreadable", score=None),
    ),
)


def read(tmp_path, data):
    path = tmp_path / "marks.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_marks(path, RESULTS)


def refused(tmp_path, text):
    with pytest.raises(MarksError) as caught:
        read(tmp_path, f"id,question,points,comment\n{text}\n")
    return caught.value.lines


# -- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        "id,question,points,comment\njoão,why,1.5,good\n",
        "id;question;points;comment\njoão;why;1,5;good\n",
        'id,question,points,comment\njoão,why,"1,5",good\n',
        "\ufeffid,question,points,comment\njoão,why,1.5,good\n",
        "id;question;points;comment\r\njoão;why;1,5;good\r\n".encode("cp1252"),
        "Comment, ID ,Points,Question\ngood, joa\u0303o ,1.50,why\n",
    ],
    ids=["comma", "semicolon", "quoted", "mark", "cp1252", "own order"],
)
def test_marks_are_read_however_they_were_saved(tmp_path, data):
    assert read(tmp_path, data) == (Mark("joão", "why", 1.5, "good", 2.0),)


def test_everyone_is_a_star(tmp_path):
    assert read(tmp_path, "id,question,points\n*,dw,4\n") == (Mark("*", "dw", 4.0, "", 4.0),)


def test_rows_that_are_not_filled_in_are_passed_over(tmp_path):
    assert len(read(tmp_path, "id,question,points\nana,why,\njoão,why,2\n")) == 1


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("anna,why,2,", "no submission 'anna': 'ana' is meant, perhaps"),
        ("zoe,why,2,", "no submission 'zoe': the ids are those in results.json"),
        ("ana,who,2,", "no question 'who', only dw, why"),
        ("ana,why,3,", "'why' of 'ana' has 3.0 points, of 2.0 possible ones"),
        ("ana,why,-1,", "are a number, found '-1'"),
        ("ana,why,nan,", "are a number, found 'nan'"),
        ('ana,why,"1.000,5",', "are a number, found '1.000,5'"),
        ("ana,why,,good", "are a number, found none"),
    ],
)
def test_a_row_that_is_not_understood_is_refused_by_name(tmp_path, row, told):
    (line,) = refused(tmp_path, row)
    assert "row 2" in line
    assert told in line


def test_all_refused_rows_are_told_at_once(tmp_path):
    assert len(refused(tmp_path, "anna,why,2,\nana,why,2,\nana,why,1,")) == 2


def test_a_table_without_the_columns_is_told(tmp_path):
    with pytest.raises(TableError, match="missing: question, points; found: id, mark"):
        read(tmp_path, "id,mark\nana,3\n")


# -- putting them in place ------------------------------------------------------------------------


def override(score, **fields):
    return Override(**{"score": score, "comment": "", "by": "tia", "at": "2025"} | fields)


def test_a_mark_counts_and_what_was_computed_is_kept():
    new = with_overrides(submission(), {"why": override(2.0), "dw": override(3.0)})
    assert (new.score, new.pending) == (5.0, 0.0)
    assert [one.override.computed for one in new.questions] == [1.0, None]


def test_a_second_mark_keeps_what_was_computed_first():
    once = with_overrides(submission(), {"dw": override(3.0)})
    twice = with_overrides(once, {"dw": override(2.0)})
    assert twice.questions[0].override.computed == 1.0
    assert twice.score == 2.0


def test_lateness_lowers_a_persons_marks_as_it_does_computed_ones():
    late = submission(late=True, late_factor=0.5)
    assert with_overrides(late, {"dw": override(4.0)}).score == 2.0


# -- keeping them ---------------------------------------------------------------------------------


@pytest.fixture
def book(tmp_path):
    """A gradebook with ana's and joão's results."""
    book = Gradebook(tmp_path / "gradebook.sqlite")
    frame = replace(RESULTS, submissions=())
    book.start(frame, "settings", Command(paths=(), layout=None, assignment="sums"))
    for student in ("ana", "joão"):
        book.finish(submission(student))
    yield book
    book.close()


def scores(book):
    return {one.id: one.score for one in book.results().submissions}


def test_a_mark_is_kept_with_who_and_when(book):
    book.override([Mark("ana", "why", 1.5, "half of it", 2.0)], by="tia")
    found = book.mark("ana").questions[1].override
    assert (found.score, found.comment, found.by, found.computed) == (
        1.5,
        "half of it",
        "tia",
        None,
    )
    assert found.at.startswith("20")
    assert scores(book) == {"ana": 2.5, "joão": 1.0}


def test_marks_outlive_grading_again_with_other_bytes(book):
    book.override([Mark("ana", "why", 1.5, "", 2.0)], by="tia")
    book.finish(submission("ana", score=4.0, sha256="6a" * 32))
    assert scores(book)["ana"] == 5.5


def test_everyone_includes_who_comes_later(book):
    book.override([Mark("*", "dw", 4.0, "the question was broken", 4.0)], by="tia")
    book.finish(submission("zoe"))
    assert scores(book) == {"ana": 4.0, "joão": 4.0, "zoe": 4.0}


def test_a_students_own_mark_goes_before_everyones_in_one_file(book):
    book.override([Mark("ana", "dw", 2.0, "", 4.0), Mark("*", "dw", 4.0, "", 4.0)], by="tia")
    assert scores(book) == {"ana": 2.0, "joão": 4.0}


def test_the_views_and_reports_see_a_new_mark(book):
    book.reported("json")
    book.override([Mark("ana", "why", 2.0, "", 2.0)], by="tia")
    assert not book.is_reported("json")
    asked = book._database.all
    assert asked("SELECT score, pending FROM mark WHERE student = 'ana'") == [(3.0, 0.0)]
    answers = asked("SELECT score FROM answer WHERE student = 'ana' AND question = 'why'")
    assert answers == [(2.0,)]


def test_who_is_forgotten_has_no_marks(book):
    book.override([Mark("ana", "why", 2.0, "", 2.0)], by="tia")
    book.forget("ana")
    book.finish(submission("ana"))
    assert scores(book)["ana"] == 1.0


def test_an_older_gradebook_learns_to_keep_marks(book, tmp_path):
    with book._database.transaction():
        for table in ("override", "secret", "code"):
            book._database.execute(f"DROP TABLE {table}")
        book._database.execute("ALTER TABLE report DROP COLUMN how")
        book._database.execute("PRAGMA user_version = 1")
    book.close()
    newer = Gradebook(tmp_path / "gradebook.sqlite")
    newer.override([Mark("ana", "why", 2.0, "", 2.0)], by="tia")
    assert scores(newer)["ana"] == 3.0
    newer.close()


# -- where nothing could be judged ----------------------------------------------------------------


def unread(**fields):
    return submission("kim", problem="unreadable", score=None, pending=6.0, **fields)


def test_what_could_not_be_judged_gets_a_persons_mark(tmp_path):
    assert read(tmp_path, "id,question,points\nkim,dw,3\n") == (Mark("kim", "dw", 3.0, "", 4.0),)


def test_the_assignment_says_what_a_class_without_answers_can_be_marked_in(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text("id,question,points\nkim,dw,3\n")
    nobody = replace(RESULTS, submissions=(unread(),))
    assert read_marks(path, nobody, {"dw": 4.0}) == (Mark("kim", "dw", 3.0, "", 4.0),)


def test_what_no_person_has_marked_of_it_is_pending():
    new = with_overrides(unread(), {"dw": override(3.0)}, {"dw": 4.0})
    assert (new.score, new.pending, new.problem) == (3.0, 2.0, "unreadable")
    both = with_overrides(new, {"dw": override(3.0), "why": override(2.0)}, {"dw": 4.0, "why": 2.0})
    assert (both.score, both.pending) == (5.0, 0.0)
    assert [one.override.computed for one in both.questions] == [None, None]


def test_an_empty_submission_has_only_what_a_person_gives():
    empty = submission("kim", problem="empty", score=0.0, pending=0.0)
    new = with_overrides(empty, {"why": override(2.0)}, {"why": 2.0})
    assert (new.score, new.pending) == (2.0, 0.0)


def test_a_mark_for_everyone_is_none_for_what_could_not_be_judged(book):
    book.finish(unread())
    book.override([Mark("*", "dw", 4.0, "", 4.0), Mark("ana", "dw", 2.0, "", 4.0)], by="tia")
    assert scores(book) == {"ana": 2.0, "joão": 4.0, "kim": None}


def test_a_mark_by_hand_outlives_grading_the_same_again(book):
    book.override([Mark("kim", "dw", 3.0, "on paper", 4.0)], by="tia")
    book.finish(unread())
    assert scores(book)["kim"] == 3.0
    book.finish(submission("kim", sha256="6e" * 32))
    assert scores(book)["kim"] == 3.0
