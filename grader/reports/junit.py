"""JUnit XML as pytest writes it: a suite a submission, a case a question, points as properties."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from grader.messages import Language
from grader.reports import export, summary, write_atomically
from grader.reports.escaping import visible
from grader.results import QuestionResult, Results, SubmissionResult


def write(results: Results, folder: Path, *, language: Language = "en") -> Path:
    """Write junit.xml into the folder and return its path; raises ReportError."""
    return write_atomically(folder / "junit.xml", _pieces(results, language))


def to_xml(results: Results, language: Language = "en") -> bytes:
    """The document.

    A question that lost points is a failure; what is still to be judged is skipped; a fault of
    the grader is an error, never a failure.
    """
    return b"".join(_pieces(results, language))


def _pieces(results: Results, language: Language) -> Iterator[bytes]:
    root = ET.Element("testsuites", name=visible(results.assignment))
    whole: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    yield whole.removesuffix(b" />") + b">\n"
    for one in results.submissions:
        suite = _suite(one, results.assignment, language)
        ET.indent(suite, level=1)
        yield b"  " + ET.tostring(suite, encoding="utf-8") + b"\n"
    yield b"</testsuites>\n"


def _suite(result: SubmissionResult, assignment: str, language: Language) -> ET.Element:
    cases = list(_cases(result, assignment, language))
    suite = ET.Element("testsuite", name=visible(result.id), tests=str(len(cases)))
    for attribute, tag in (("errors", "error"), ("failures", "failure"), ("skipped",) * 2):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{result.seconds:.3f}")
    suite.extend(cases)
    return suite


def _cases(result: SubmissionResult, assignment: str, language: Language) -> Iterator[ET.Element]:
    name = f"{visible(assignment)}.{visible(result.id)}"
    if result.problem is not None:
        yield _problem(result, name, language)
    for question in result.questions:
        yield _case(question, name, language)


def _case(question: QuestionResult, classname: str, language: Language) -> ET.Element:
    case = _element(classname, question.id, question.score, question.max_score)
    verdict = summary.words("verdict", question.verdict, language)
    said = export.told(question, language)
    if question.score is None:
        _tell(case, "skipped", question.verdict, said or verdict)
    elif not export.is_full(question):
        _tell(case, "failure", question.verdict, said or verdict)
    return case


def _problem(result: SubmissionResult, classname: str, language: Language) -> ET.Element:
    case = _element(classname, "submission", result.score, result.max_score)
    tag = {"grader_fault": "error", "empty": "failure"}.get(str(result.problem), "skipped")
    _tell(case, tag, str(result.problem), export.problem(result, language))
    return case


def _element(classname: str, name: str, score: float | None, max_score: float) -> ET.Element:
    case = ET.Element("testcase", classname=classname, name=visible(name), time="0.000")
    properties = ET.SubElement(case, "properties")
    if score is not None:
        points = export.number(export.rounded(score))
        ET.SubElement(properties, "property", name="points", value=points)
    most = export.number(export.rounded(max_score))
    ET.SubElement(properties, "property", name="max_points", value=most)
    return case


def _tell(case: ET.Element, tag: str, kind: str, message: str) -> None:
    element = ET.SubElement(case, tag, type=kind, message=message.partition("\n")[0])
    element.text = message
