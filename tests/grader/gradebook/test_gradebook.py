"""What was graded is kept whatever ends the grader, and only what changed is graded again."""

import collections
import json
import os
import resource
import signal
import sqlite3
import traceback
import tracemalloc
from itertools import count

import msgspec
import pytest

from grader import batch, gradebook
from grader.gradebook import Command, GradebookError, OtherRunError, database, existing, opened
from grader.gradebook.database import Database
from grader.reports import ReportError
from grader.reports import json as json_report
from grader.results import Results, SubmissionResult, to_json
from grader.submissions import Submission, collect

COMMAND = Command(paths=("class",), layout=None, assignment="sums")
FRAME = Results(assignment="sums", title="Sums", grader_version="1", seed="seed", submissions=())
CLASS = 50


class Marker:
    """Stands for the grader: the mark is the number that the code's only line gives `x`."""

    def __init__(self, bonus=0):
        self.bonus = bonus
        self.graded = []

    def grade(self, submission):
        self.graded.append(submission.id)
        score = float(submission.cells[0].partition("=")[2]) + self.bonus
        return result(submission.id, sha256=submission.sha256, score=score)

    def set_aside(self, submission):
        return result(submission.id, sha256=submission.sha256, score=None, problem="grader_fault")


class Deadly(Marker):
    """Grading it ends the grader."""

    def grade(self, submission):
        os.kill(os.getpid(), signal.SIGKILL)


def result(student, *, sha256="0" * 64, score=1.0, problem=None, **more):
    return SubmissionResult(
        id=student, name=None, path=f"{student}.py", sha256=sha256, score=score, max_score=100.0,
        pending=0.0, seconds=0.0, problem=problem, torch=None, isolation=None, questions=(), **more,
    )  # fmt: skip


@pytest.fixture
def handed_in(tmp_path):
    """The folder of a class of fifty, and where its results go."""
    folder = tmp_path / "class"
    folder.mkdir()
    for number in range(CLASS):
        (folder / f"student{number:02}.py").write_text(f"x = {number}\n")
    (tmp_path / "out").mkdir()
    return folder


@pytest.fixture
def out(handed_in):
    return handed_in.parent / "out"


def grade(folder, out, marker=None, *, settings="settings", jobs=2):
    """A grading run as the command does it, with the marker in the sandbox's place."""
    marker = marker or Marker()
    with opened(out) as book:
        book.start(FRAME, settings, COMMAND)
        waiting = batch.waiting(book, collect([folder]))
        for _ in batch.grade_into(book, marker, waiting, jobs=jobs):
            pass
        json_report.write_pieces(book.frame(), book.rows(), out)
    return marker


def marks(out):
    data = json.loads((out / "results.json").read_bytes())
    return {one["id"]: one["score"] for one in data["submissions"]}


def stored(out, query, *values):
    database = sqlite3.connect(out / gradebook.FILE_NAME)
    try:
        return database.execute(query, values).fetchall()
    finally:
        database.close()


# -- keeping --------------------------------------------------------------------------------------


def test_a_result_comes_back_as_it_was(out):
    given = result("ana", late=True, lms={"user_id": "7"}, flags=("suspicious",), others=("b.py",))
    with opened(out) as book:
        book.start(FRAME, "settings", COMMAND)
        book.finish(given)
        assert book.mark("ana") == given
        assert (book.frame(), *book.results().submissions) == (FRAME, given)


def test_results_json_is_the_same_written_whole_or_in_pieces(handed_in, out):
    grade(handed_in, out)
    with existing(out) as book:
        whole = to_json(book.results())
    assert (out / "results.json").read_bytes() == whole


def test_results_json_without_submissions_is_the_same_too(out):
    with opened(out) as book:
        book.start(FRAME, "settings", COMMAND)
        json_report.write_pieces(book.frame(), book.rows(), out)
    assert (out / "results.json").read_bytes() == to_json(FRAME)


def test_going_on_with_nothing_new_writes_nothing(handed_in, out):
    grade(handed_in, out)
    before = (out / gradebook.FILE_NAME).read_bytes()
    with existing(out) as book:
        book.start(FRAME, "settings", COMMAND)
        assert not (out / f"{gradebook.FILE_NAME}-wal").stat().st_size
    assert (out / gradebook.FILE_NAME).read_bytes() == before


def test_a_report_is_up_to_date_only_as_it_was_last_written(out):
    with opened(out) as book:
        book.start(FRAME, "settings", COMMAND)
        book.reported("csv", "en")
        assert book.is_reported("csv")
        assert book.is_reported("csv", "en")
        assert not book.is_reported("csv", "pt")


IDS = ["Zoë", "ana", "ana b", "\U0001f40d", "é", "a/b", "\uffee", "Álvaro", "ana10", "ana9"]


@pytest.fixture
def named(out):
    with opened(out) as book:
        book.start(FRAME, "settings", COMMAND)
        for student in IDS:
            book.finish(result(student))
        yield book


def test_rows_are_sorted_by_id(named):
    assert [json.loads(row)["id"] for row in named.rows()] == sorted(IDS)


def test_results_come_in_the_order_in_which_people_look_for_their_students(named):
    found = [one.id for one in named.results().submissions]
    assert found[:7] == ["a/b", "Álvaro", "ana", "ana b", "ana9", "ana10", "é"]
    assert sorted(found) == sorted(IDS)


def test_a_class_of_several_pages_is_read_whole(out):
    ids = [f"student {number}" for number in range(1_002)]
    with opened(out) as book:
        book.start(FRAME, "settings", COMMAND)
        book._database.executemany(
            "INSERT INTO grading (student, fingerprint, content, settings, counts, result) "
            "VALUES (?, '', '', '', 1, ?)",
            ((one, msgspec.json.encode(result(one)).decode()) for one in ids),
        )
        assert [one.id for one in book.results().submissions] == ids


def test_a_gradebook_is_private(out):
    with opened(out):
        assert (out / gradebook.FILE_NAME).stat().st_mode & 0o077 == 0


def test_people_can_query_marks_and_answers(out):
    question = {"id": "q", "score": 1.0, "max_score": 2.0, "verdict": "wrong_value", "message": ""}
    data = json.loads(msgspec.json.encode(result("ana"))) | {"questions": [question]}
    with opened(out) as book:
        book.start(FRAME, "settings", COMMAND)
        book.finish(msgspec.convert(data, SubmissionResult))
    assert stored(out, "SELECT student, score FROM mark") == [("ana", 1.0)]
    assert stored(out, "SELECT * FROM answer") == [("ana", "q", 1.0, 2.0, "wrong_value")]


# -- code -----------------------------------------------------------------------------------------


def test_the_code_is_kept_that_got_the_mark(handed_in, out):
    grade(handed_in, out)
    (handed_in / "student07.py").write_text("x = 99\n")
    grade(handed_in, out)
    with existing(out) as book:
        assert book.cells("student07") == ("x = 99\n",)
        assert book.cells("student08") == ("x = 8\n",)
        assert book.cells("nobody") == ()


def test_code_is_kept_as_it_is(out):
    cells = ("x = '\udc80\x00'", "", "y = 'é'\r\n")
    given = result("ana")
    with opened(out) as book:
        book.start(FRAME, "settings", COMMAND)
        book.begin("ana", given.sha256, cells)
        book.finish(given)
        assert book.cells("ana") == cells


def test_code_is_forgotten_with_its_student(handed_in, out):
    grade(handed_in, out)
    with existing(out) as book:
        book.forget("student07")
    left = stored(out, "SELECT student FROM code")
    assert len(left) == CLASS - 1
    assert ("student07",) not in left


# -- resuming -------------------------------------------------------------------------------------


def test_only_what_is_new_or_changed_is_graded(handed_in, out):
    grade(handed_in, out)
    (handed_in / "student07.py").write_text("x = 99\n")
    (handed_in / "zoe.py").write_text("x = 5\n")
    assert grade(handed_in, out).graded == ["student07", "zoe"]
    assert marks(out)["student07"] == 99.0
    assert len(marks(out)) == CLASS + 1


def test_the_earlier_mark_of_a_changed_submission_is_kept_beside(handed_in, out):
    grade(handed_in, out)
    (handed_in / "student07.py").write_text("x = 99\n")
    grade(handed_in, out)
    rows = stored(out, "SELECT score, counts FROM grading WHERE student = 'student07'")
    assert sorted(rows) == [(7.0, 0), (99.0, 1)]


def test_going_back_to_earlier_bytes_brings_the_earlier_mark_back(handed_in, out):
    for text in ("x = 7\n", "x = 99\n", "x = 7\n"):
        (handed_in / "student07.py").write_text(text)
        grade(handed_in, out)
    assert marks(out)["student07"] == 7.0


def test_other_settings_mark_nobody_anew_without_being_asked(handed_in, out):
    grade(handed_in, out)
    assert grade(handed_in, out, Marker(bonus=1), settings="others").graded == []
    with existing(out) as book:
        assert book.status().outdated == CLASS


def test_a_fault_of_the_machine_is_tried_again(handed_in, out):
    faulty = Marker()
    faulty.grade = faulty.set_aside
    grade(handed_in, out, faulty)
    assert set(marks(out).values()) == {None}
    assert len(grade(handed_in, out).graded) == CLASS


def test_what_was_begun_twice_and_never_ended_is_set_aside(handed_in, out):
    with opened(out) as book:
        book.start(FRAME, "settings", COMMAND)
    first = next(iter(collect([handed_in])))
    for _ in range(2):
        assert in_a_child(lambda: grade(handed_in, out, Deadly(), jobs=1)) == signal.SIGKILL
    again = grade(handed_in, out)
    assert first.id not in again.graded
    assert marks(out)[first.id] is None
    assert stored(out, "SELECT student FROM mark WHERE problem = 'grader_fault'") == [(first.id,)]
    assert grade(handed_in, out).graded == []


def test_an_orderly_end_sets_nothing_aside(handed_in, out):
    for _ in range(3):
        with opened(out) as book:
            book.start(FRAME, "settings", COMMAND)
            assert book.begin("student00", "0" * 64)


def test_two_graders_on_one_folder_do_not_mix(out):
    with opened(out), pytest.raises(GradebookError, match="another grader is at work"), opened(out):
        pass


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"assignment": "products"}, "the marks of 'sums'"), ({"seed": "other"}, "the seed 'seed'")],
)
def test_the_folder_of_another_run_is_refused(handed_in, out, changed, said):
    grade(handed_in, out)
    with existing(out) as book, pytest.raises(OtherRunError, match=said):
        book.start(msgspec.structs.replace(FRAME, **changed), "settings", COMMAND)


def test_memory_does_not_grow_with_the_class(out):
    def submissions():
        for number in range(4_000):
            text = f"x = {number}\n" + "#" * 2_000
            yield Submission(
                id=f"student{number:06}", path="a.py", sha256=f"{number:064}", form="module",
                cells=(text.splitlines()[0], text),
            )  # fmt: skip

    held = []
    with opened(out) as book:
        book.start(FRAME, "settings", COMMAND)
        marker = Marker()
        marker.graded = collections.deque(maxlen=1)
        tracemalloc.start()
        try:
            graded = batch.grade_into(book, marker, submissions(), jobs=2)
            for number, _ in enumerate(graded):
                if number % 1_000 == 500:
                    held.append(tracemalloc.get_traced_memory()[0])
            json_report.write_pieces(book.frame(), book.rows(), out)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert len(marks(out)) == 4_000
    assert held[-1] - held[0] < 200_000
    assert peak - held[0] < 4_000_000


# -- regrading ------------------------------------------------------------------------------------


def again(folder, out, marker, *, only=(), raise_only=False, settings="new"):
    with existing(out) as book:
        book.start(FRAME, settings, COMMAND)
        chosen = frozenset(only or book.students())
        found = collect([folder])
        changes = list(
            batch.grade_again(book, marker, found, only=chosen, raise_only=raise_only, jobs=2)
        )
        json_report.write_pieces(book.frame(), book.rows(), out)
    return {one.new.id: (one.old.score, one.new.score, one.counts) for one in changes}


def test_regrading_shows_old_and_new_and_keeps_the_old(handed_in, out):
    grade(handed_in, out)
    changes = again(handed_in, out, Marker(bonus=1))
    assert changes["student07"] == (7.0, 8.0, True)
    assert marks(out)["student07"] == 8.0
    assert stored(out, "SELECT count(*) FROM grading") == [(2 * CLASS,)]


def test_regrading_can_be_for_some_only(handed_in, out):
    grade(handed_in, out)
    assert list(again(handed_in, out, Marker(bonus=1), only=["student07"])) == ["student07"]
    assert (marks(out)["student07"], marks(out)["student08"]) == (8.0, 8.0)


@pytest.mark.parametrize(("bonus", "mark"), [(1, 8.0), (-1, 7.0)])
def test_regrading_can_be_made_to_raise_only(handed_in, out, bonus, mark):
    grade(handed_in, out)
    again(handed_in, out, Marker(bonus=bonus), raise_only=True)
    assert marks(out)["student07"] == mark


def test_raise_only_holds_for_the_same_settings_too(handed_in, out):
    grade(handed_in, out)
    again(handed_in, out, Marker(bonus=-1), raise_only=True, settings="settings")
    assert marks(out)["student07"] == 7.0


def test_regrading_tries_what_was_set_aside_again(handed_in, out):
    with opened(out) as book:
        book.start(FRAME, "settings", COMMAND)
    for _ in range(2):
        assert in_a_child(lambda: grade(handed_in, out, Deadly(), jobs=1)) == signal.SIGKILL
    grade(handed_in, out)
    with existing(out) as book:
        ((student,),) = book._database.all(
            "SELECT student FROM mark WHERE problem = 'grader_fault'"
        )
    again(handed_in, out, Marker(), only=[student], settings="settings")
    assert marks(out)[student] is not None


# -- forgetting -----------------------------------------------------------------------------------


def test_nothing_of_a_forgotten_student_is_left_in_the_files(handed_in, out):
    grade(handed_in, out)
    (handed_in / "student07.py").write_text("x = 99\n")
    grade(handed_in, out)
    with existing(out) as book:
        assert book.forget("student07")
        json_report.write_pieces(book.frame(), book.rows(), out)
        held = b"".join(path.read_bytes() for path in out.iterdir())
    assert b"student07" not in held
    assert b"student08" in held
    assert len(marks(out)) == CLASS - 1


def test_forgetting_forgets_the_path_that_was_given(handed_in, out):
    with opened(out) as book:
        command = msgspec.structs.replace(COMMAND, paths=("/class/ana.py", "/class/bob.py"))
        book.start(FRAME, "settings", command)
        book.finish(result("ana"))
        book.forget("ana")
        assert [one.paths for one in book.commands()] == [("/class/bob.py",)]


def test_nobody_is_forgotten_by_a_wrong_id(handed_in, out):
    grade(handed_in, out)
    with existing(out) as book:
        assert not book.forget("nobody")
        assert len(book.students()) == CLASS


# -- faults ---------------------------------------------------------------------------------------


def in_a_child(work):
    """Run it in a child; returns how that ended, as the system says."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:  # noqa: BLE001 - a child must never go on as a test run
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


def kill_at_transaction(number, work):
    """Kill -9 in the middle of the transaction with this number; whether it came to that."""

    def doomed():
        transaction, numbers = Database.transaction, count(1)

        def counting(book):
            context = transaction(book)
            if next(numbers) == number:
                context.__enter__()
                os.kill(os.getpid(), signal.SIGKILL)
            return context

        Database.transaction = counting
        work()

    status = in_a_child(doomed)
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


@pytest.fixture
def unbroken(handed_in):
    """The bytes of results.json of a run that nothing disturbed."""
    place = handed_in.parent / "unbroken"
    place.mkdir()
    grade(handed_in, place)
    return (place / "results.json").read_bytes()


@pytest.mark.parametrize("every", [3, 10])
def test_killed_at_every_nth_write_nothing_is_lost_or_done_twice(handed_in, unbroken, every):
    for number in count(every, every):
        out = handed_in.parent / f"out{number}"
        out.mkdir()
        killed = kill_at_transaction(number, lambda out=out: grade(handed_in, out))
        done = len(stored(out, "SELECT 1 FROM mark")) if number > 1 else 0
        resumed = grade(handed_in, out)
        assert len(resumed.graded) == CLASS - done
        assert (out / "results.json").read_bytes() == unbroken
        if not killed:
            break
    assert number > CLASS


def test_killed_again_and_again_it_comes_to_the_same_end(handed_in, out, unbroken):
    runs = 0
    while kill_at_transaction(13, lambda: grade(handed_in, out, jobs=1)):
        runs += 1
    assert runs > 5
    assert (out / "results.json").read_bytes() == unbroken


def test_a_torn_journal_costs_the_last_marks_at_most(handed_in, out, unbroken):
    assert kill_at_transaction(60, lambda: grade(handed_in, out))
    journal = out / f"{gradebook.FILE_NAME}-wal"
    with journal.open("r+b") as file:
        file.truncate(journal.stat().st_size - 1_000)
    grade(handed_in, out)
    assert (out / "results.json").read_bytes() == unbroken


@pytest.mark.parametrize("size", [40_000, 80_000, 100_000, 150_000])
def test_a_full_disk_stops_the_run_and_loses_nothing(handed_in, out, unbroken, size):
    def cramped():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        try:
            grade(handed_in, out)
        except GradebookError as error:
            os._exit(4 if "make room" in str(error) else 5)

    assert os.waitstatus_to_exitcode(in_a_child(cramped)) == 4
    done = len(stored(out, "SELECT 1 FROM mark")) if size > 50_000 else 0
    assert len(grade(handed_in, out).graded) == CLASS - done
    assert (out / "results.json").read_bytes() == unbroken


def test_a_full_disk_leaves_the_previous_report_whole(handed_in, out, unbroken):
    grade(handed_in, out)
    (handed_in / "zoe.py").write_text("x = 5\n")

    def cramped():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, resource.RLIM_INFINITY))
        try:
            grade(handed_in, out)
        except ReportError:
            os._exit(4)

    assert os.waitstatus_to_exitcode(in_a_child(cramped)) == 4
    assert (out / "results.json").read_bytes() == unbroken


def test_a_clock_that_is_set_back_changes_no_mark(handed_in, out, unbroken, monkeypatch):
    monkeypatch.setattr(gradebook, "_now", lambda: "2031-01-01T00:00:00+00:00")
    assert kill_at_transaction(40, lambda: grade(handed_in, out))
    monkeypatch.setattr(gradebook, "_now", lambda: "1999-01-01T00:00:00+00:00")
    grade(handed_in, out)
    assert (out / "results.json").read_bytes() == unbroken


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + bytes(90)])
def test_a_file_that_is_no_gradebook_is_told(out, content):
    (out / gradebook.FILE_NAME).write_bytes(content)
    with pytest.raises(GradebookError, match=r"cannot be read or written"), opened(out):
        pass


def test_something_in_the_gradebooks_place_is_told(out):
    (out / gradebook.FILE_NAME).mkdir()
    with pytest.raises(GradebookError, match="cannot be read or written"), opened(out):
        pass


# -- versions of the schema -----------------------------------------------------------------------


def test_a_gradebook_of_an_older_version_is_brought_up_to_date(handed_in, out, monkeypatch):
    grade(handed_in, out)
    step = ("ALTER TABLE grading ADD COLUMN remark TEXT", "UPDATE grading SET remark = student")
    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, step))
    assert grade(handed_in, out).graded == []
    assert stored(out, "SELECT DISTINCT remark = student FROM grading") == [(1,)]


def test_a_migration_that_breaks_off_changes_nothing(handed_in, out, monkeypatch):
    grade(handed_in, out)
    step = ("ALTER TABLE grading ADD COLUMN remark TEXT", "no such statement")
    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, step))
    with pytest.raises(GradebookError):
        grade(handed_in, out)
    monkeypatch.undo()
    assert grade(handed_in, out).graded == []


def test_a_gradebook_of_a_newer_grader_is_left_alone(handed_in, out, monkeypatch):
    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, ("SELECT 1",)))
    grade(handed_in, out)
    monkeypatch.undo()
    with pytest.raises(OtherRunError, match="newer grader"), existing(out):
        pass


def test_the_first_schema_never_changes():
    import hashlib

    text = "\n".join(" ".join(one.split()) for one in database.MIGRATIONS[0])
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest[:16] == "65f6adb72e03bbe8"
