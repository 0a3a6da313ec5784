"""Marks in a spreadsheet, in Canvas's own export and in Moodle's own worksheet."""

import csv
import io

import pytest
from msgspec.structs import replace

from grader.messages import Languages
from grader.reports import lms, tables
from grader.reports.tables import TableError

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Week 1 (4411),Backpropagation by hand (4412),Total
    Points Possible,,,,,10.00,6.00,(read only)
"Ferreira, Alice",501,s1,alice@uni.example,Autumn,9,,90
"=cmd()",502,s2,bruno,Autumn,8,,80
"Chu, Chidi",503,chidi,c@uni.example,Autumn,,,
"Dora, D",504,s4,dora,Autumn,,3.5,
"Zed, Zoe",505,s5,zoe,Autumn,,2.00,
"Student, Test",506,,,Autumn,,,
"""
MOODLE = """\
{identifier},{name},Email,Status,{grade},{maximum},Changeable,Submitted,Graded,{comments}
{participant} 11,Alice Ferreira,a@x,Submitted,,"{most}",Yes,"Monday, 3 November 2025, 9:12 AM",-,
{participant} 12,Bruno,b@x,Submitted,,"{most}",Yes,-,-,
{participant} 13,Dora,d@x,Submitted,,"{most}",Yes,-,-,
{participant} 14,Nobody,n@x,No submission,,"{most}",Yes,-,-,
"""
HEADERS = {
    "en": {
        "identifier": "Identifier", "name": "Full name", "grade": "Grade",
        "maximum": "Maximum Grade", "comments": "Feedback comments",
        "participant": "Participant", "most": "6.00",
    },
    "pt": {
        "identifier": "Identificador", "name": "Nome completo", "grade": "Nota",
        "maximum": "Nota máxima", "comments": "Comentários de feedback",
        "participant": "Participante", "most": "6,00",
    },
    "es": {
        "identifier": "Identificador", "name": "Nombre completo", "grade": "Calificación",
        "maximum": "Calificación máxima", "comments": "Comentarios de retroalimentación",
        "participant": "Participante", "most": "6,00",
    },
}  # fmt: skip


def rows(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def canvas_of(results, text=CANVAS, **options):
    return lms.canvas(results, tables.parse(text.encode(), "grades.csv"), **options)


def with_lms(results, **by_student):
    """The results with what a system needs to take the marks back."""
    return replace(
        results,
        submissions=tuple(
            replace(one, lms=by_student.get(one.id, {})) for one in results.submissions
        ),
    )


@pytest.fixture
def from_canvas(results):
    return with_lms(results, alice={"system": "canvas", "user_id": "501"})


@pytest.fixture
def from_moodle(results):
    numbers = {"alice": 11, "bruno": 12, "dora": 13, "chidi": 99}
    return with_lms(
        results,
        **{
            name: {"system": "moodle", "identifier": f"Participant {number}"}
            for name, number in numbers.items()
        },
    )


# -- a spreadsheet --------------------------------------------------------------------------------


def test_a_gradebook_has_a_row_for_everyone_and_a_column_for_each_question(results):
    header, *content = rows(lms.gradebook(results))
    assert header == [
        "id", "name", "score", "max_score", "pending", "late", "problem", "manual_backprop",
        "times_run",
    ]  # fmt: skip
    by_id = {row[0]: row[1:] for row in content}
    assert len(by_id) == len(results.submissions)
    assert by_id["alice"] == ["Alice Ferreira", "6", "6", "0", "", "", "4", "2"]
    assert by_id["bruno"] == ["", "3", "6", "0", "", "", "3", "0"]


def test_what_could_not_be_judged_is_blank(results):
    by_id = {row[0]: row for row in rows(lms.gradebook(results))}
    assert by_id["dora"][2:] == ["", "6", "6", "", "unreadable", "", ""]
    assert by_id["fatima"][2:] == ["", "6", "2", "", "", "0", ""]
    assert by_id["emil"][2] == "0"
    assert lms.pending(results) == ("dora", "fatima", "gui")


def test_a_gradebook_is_scaled_but_not_its_questions(results):
    by_id = {row[0]: row for row in rows(lms.gradebook(results, scale_to=20))}
    assert by_id["bruno"][2:4] == ["10", "20"]
    assert by_id["bruno"][7:] == ["3", "0"]


def test_no_name_in_a_gradebook_is_a_formula(results):
    bad = replace(results.submissions[0], id="=1+1", name='@SUM("A1")\n-1')
    (_, row) = rows(lms.gradebook(replace(results, submissions=(bad,))))
    assert row[:2] == ["'=1+1", '\'@SUM("A1") -1']


def test_spreadsheets_are_told_the_encoding(results):
    assert lms.gradebook(results).startswith(b"\xef\xbb\xbf")


# -- Canvas ---------------------------------------------------------------------------------------


def test_canvas_gets_its_students_and_this_column_alone(from_canvas):
    header, possible, *students = rows(canvas_of(from_canvas).content)
    assert header == [
        "Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Backpropagation by hand (4412)",
    ]  # fmt: skip
    assert possible == ["    Points Possible", "", "", "", "", "6.00"]
    assert len(students) == 6


def test_students_are_found_by_id_login_or_sis_id(from_canvas):
    filled = canvas_of(from_canvas)
    marks = {row[1]: row[5] for row in rows(filled.content)[2:]}
    assert (marks["501"], marks["502"], marks["503"]) == ("6", "3", "4")
    assert filled.matched == 4
    assert filled.rows.missing == ("Zed, Zoe", "Student, Test")
    assert "emil" in filled.rows.unmatched


def test_what_is_pending_stays_as_canvas_has_it(from_canvas):
    filled = canvas_of(from_canvas)
    marks = {row[1]: row[5] for row in rows(filled.content)[2:]}
    assert marks["504"] == "3.5"
    assert "dora" in filled.pending


def test_the_mark_of_a_student_without_submission_stays(from_canvas):
    marks = {row[1]: row[5] for row in rows(canvas_of(from_canvas).content)[2:]}
    assert marks["505"] == "2.00"


def test_a_name_in_canvas_is_no_formula(from_canvas):
    names = {row[1]: row[0] for row in rows(canvas_of(from_canvas).content)}
    assert names["502"] == "'=cmd()"


def test_two_submissions_that_claim_a_row_both_go_without(from_canvas):
    both = tuple(replace(one, name="Zed, Zoe") for one in from_canvas.submissions[4:6])
    filled = canvas_of(replace(from_canvas, submissions=both))
    assert filled.matched == 0
    assert set(filled.rows.unmatched) == {one.id for one in both}


def test_semicolons_of_an_export_stay(from_canvas):
    text = CANVAS.replace('"', "").replace(", ", "_").replace(",", ";")
    filled = canvas_of(from_canvas, text)
    assert filled.content.splitlines()[0].startswith(b"Student;ID;")


def test_other_points_possible_are_told(from_canvas):
    assert canvas_of(from_canvas).remark == ""
    told = canvas_of(from_canvas, CANVAS.replace(",6.00,", ",10.00,")).remark
    assert "--scale-to 10" in told
    assert canvas_of(from_canvas, CANVAS.replace(",6.00,", ",10.00,"), scale_to=10).remark == ""


def test_a_single_assignment_needs_no_title_of_ours(from_canvas):
    text = CANVAS.replace("Backpropagation by hand (4412)", "HW3 (4412)")
    with pytest.raises(TableError, match=r"Week 1 \(4411\), HW3 \(4412\)"):
        canvas_of(from_canvas, text)
    alone = text.replace("Week 1 (4411)", "Notes")
    assert canvas_of(from_canvas, alone).matched == 4


def test_what_is_no_canvas_export_is_told(from_canvas):
    with pytest.raises(TableError, match="exported from Canvas"):
        canvas_of(from_canvas, "id,points\nana,3\n")


# -- Moodle ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", HEADERS)
def test_a_worksheet_is_filled_in_its_language_and_otherwise_left(from_moodle, language):
    text = MOODLE.format(**HEADERS[language])
    worksheet = tables.parse(text.encode(), "sheet.csv")
    filled = lms.moodle(from_moodle, worksheet, languages=Languages(language))
    content = rows(filled.content)
    grades = [row[4] for row in content]
    assert grades == [HEADERS[language]["grade"], "6", "3", "", ""]
    for before, after in zip(worksheet.rows, content, strict=True):
        untouched = (*before[:4], *before[5:9])
        assert (*after[:4], *after[5:9]) == untouched
    assert (filled.matched, filled.rows.missing) == (3, (f"{HEADERS[language]['participant']} 14",))
    assert "chidi" in filled.rows.unmatched


@pytest.mark.parametrize(("language", "mark"), [("en", "2.5"), ("pt", "2,5")])
def test_a_grade_has_the_worksheets_decimal_sign(from_moodle, language, mark):
    worksheet = tables.parse(MOODLE.format(**HEADERS[language]).encode(), "sheet.csv")
    filled = lms.moodle(from_moodle, worksheet, scale_to=5)
    assert rows(filled.content)[2][4] == mark


def test_comments_are_html_without_a_students_own(from_moodle):
    bruno = from_moodle.submissions[1]
    bad = replace(
        bruno, questions=tuple(replace(one, message="<b>&\nx") for one in bruno.questions)
    )
    worksheet = tables.parse(MOODLE.format(**HEADERS["en"]).encode(), "sheet.csv")
    filled = lms.moodle(replace(from_moodle, submissions=(bad,)), worksheet)
    comment = rows(filled.content)[2][9]
    assert "&lt;b&gt;&amp;<br>" in comment
    assert "<b>" not in comment


def test_what_could_not_be_read_has_a_comment_and_no_grade(from_moodle):
    worksheet = tables.parse(MOODLE.format(**HEADERS["en"]).encode(), "sheet.csv")
    dora = rows(lms.moodle(from_moodle, worksheet).content)[3]
    assert dora[4] == ""
    assert "not a notebook" in dora[9]


def test_a_worksheet_without_comments_is_filled(from_moodle):
    text = "Identifier,Grade,Maximum Grade,Last modified (grade)\nParticipant 11,,6.00,-\n"
    filled = lms.moodle(from_moodle, tables.parse(text.encode(), "sheet.csv"))
    assert rows(filled.content)[1] == ["Participant 11", "6", "6.00", "-"]


def test_what_is_no_worksheet_is_told(from_moodle):
    with pytest.raises(TableError, match="worksheet downloaded from Moodle"):
        lms.moodle(from_moodle, tables.parse(b"id,grade\nana,3\n", "sheet.csv"))
