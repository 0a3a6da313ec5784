"""JUnit XML as pytest writes it."""

from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from grader.reports import junit


def read(data):
    return ET.fromstring(data)  # noqa: S314 - our own


@pytest.fixture
def suites(results):
    """The suites by student."""
    root = read(junit.to_xml(results))
    assert root.tag == "testsuites"
    return {suite.get("name"): suite for suite in root}


def case(suites, student, question):
    (found,) = [one for one in suites[student] if one.get("name") == question]
    return found


def test_a_suite_counts_its_cases(suites):
    counts = {
        name: tuple(suite.get(key) for key in ("tests", "failures", "errors", "skipped"))
        for name, suite in suites.items()
    }
    assert counts["alice"] == ("2", "0", "0", "0")
    assert counts["bruno"] == ("2", "2", "0", "0")
    assert counts["dora"] == ("1", "0", "0", "1")
    assert counts["emil"] == ("1", "1", "0", "0")
    assert counts["fatima"] == ("2", "1", "0", "1")


def test_points_are_properties(suites):
    properties = case(suites, "bruno", "manual_backprop").findall("properties/property")
    assert [(one.get("name"), one.get("value")) for one in properties] == [
        ("points", "3"), ("max_points", "4"),
    ]  # fmt: skip


def test_a_failure_says_why(suites):
    failure = case(suites, "bruno", "manual_backprop").find("failure")
    assert failure.get("type") == "wrong_value"
    assert "3 times too large" in failure.get("message")
    assert "Set the gradient to zero" in failure.text


def test_what_could_not_be_judged_is_skipped_and_has_no_points(suites):
    skipped = case(suites, "gui", "manual_backprop")
    assert skipped.find("skipped").get("type") == "unsupported"
    assert [one.get("name") for one in skipped.findall("properties/property")] == ["max_points"]


def test_a_fault_of_the_grader_is_an_error_and_no_failure(results):
    broken = replace(results.submissions[3], problem="grader_fault")
    (suite,) = read(junit.to_xml(replace(results, submissions=(broken,))))
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")


def test_nothing_of_a_students_breaks_the_document(results):
    text = "\x00\x1b[31m]]></failure><script>&\ud800\ufffe"
    bad = replace(
        results.submissions[1],
        id=text,
        questions=tuple(replace(one, message=text) for one in results.submissions[1].questions),
    )
    (suite,) = read(junit.to_xml(replace(results, submissions=(bad,))))
    assert "]]></failure><script>&" in suite[0].find("failure").text


# -- against the schema that pytest's own reports follow, and a reader of such reports ------------

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out", "system-err"},
    "testcase": {"properties", "skipped", "error", "failure", "system-out", "system-err"},
    "properties": {"property"},
    "property": set(), "skipped": set(), "error": set(), "failure": set(),
}  # fmt: skip
ATTRIBUTES = {
    "testsuites": {"name"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname",
                  "package", "id"},
    "testcase": {"name", "classname", "time", "file", "line"},
    "properties": set(),
    "property": {"name", "value"},
    "skipped": {"type", "message"}, "error": {"type", "message"}, "failure": {"type", "message"},
}  # fmt: skip
REQUIRED = {
    "testsuite": {"name", "tests", "failures", "errors"}, "testcase": {"name"},
    "property": {"name", "value"},
}  # fmt: skip


def test_the_document_follows_the_schema(results):
    for element in read(junit.to_xml(results)).iter():
        assert {child.tag for child in element} <= CHILDREN[element.tag]
        assert REQUIRED.get(element.tag, set()) <= set(element.attrib)
        assert set(element.attrib) <= ATTRIBUTES[element.tag]
        for name in {"tests", "failures", "errors", "skipped"} & set(element.attrib):
            assert element.get(name).isdecimal()
        assert float(element.get("time", "0")) >= 0


def test_a_reader_of_such_documents_finds_everyone_and_their_points(results):
    junitparser = pytest.importorskip("junitparser", reason="it is in the extra [test]")
    document = junitparser.JUnitXml.fromstring(junit.to_xml(results))
    found = {suite.name: suite for suite in document}
    assert found.keys() == {one.id for one in results.submissions}
    points = {
        case.name: {one.name: one.value for one in case.child(junitparser.Properties)}
        for case in found["bruno"]
    }
    assert points["manual_backprop"] == {"points": "3", "max_points": "4"}
    assert [type(case.result[0]).__name__ for case in found["fatima"]] == ["Failure", "Skipped"]
    assert all(case.is_passed for case in found["alice"])
