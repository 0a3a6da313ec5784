"""The page of a class in a browser: searched and sorted at once, and whole without its script."""

import pytest

from grader.reports import summary

from .classes import class_of, write_class_pages

PHONE = {"width": 320, "height": 640}
RESULTS = class_of(24)


@pytest.fixture
def page(visit, site):
    return visit(site / "index.html")


def shown(page):
    """The ids in the table, from the top."""
    return page.locator("#everyone tbody tr:visible").evaluate_all(
        "rows => rows.map(row => row.querySelector('bdi').textContent)"
    )


def ids(fits):
    return [one.id for one in RESULTS.submissions if fits(one)]


def misconceptions(result):
    return {one.id for question in result.questions for one in question.diagnoses}


def test_everyone_is_shown_at_first(page):
    assert shown(page) == ids(lambda one: True)
    assert page.inner_text("#told") == "24 of 24 submissions shown"


def test_every_link_leads_somewhere(page):
    links = set(page.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href'))"))
    within = {link for link in links if link.startswith("#")}
    assert all(page.locator(link).count() == 1 for link in within)
    index = page.url
    for link in links - within:
        page.goto(index.replace("index.html", link))
        assert page.inner_text("h1") == RESULTS.title
    assert len(links - within) == 24


def test_a_link_leads_to_the_page_of_whom_it_names(page):
    page.click("#everyone >> text=student0007")
    assert "student0007.ipynb" in page.inner_text("header")
    page.go_back()
    assert len(shown(page)) == 24


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("student0007", lambda one: one.id == "student0007"),
        ("ZOE", lambda one: one.name == "Zoë Müller"),
        ("zoë  müller", lambda one: one.name == "Zoë Müller"),
        ("perez", lambda one: one.name == "José Pérez"),
        ("unreadable", lambda one: one.problem == "unreadable"),
        ("zoe unreadable", lambda one: one.problem and one.name == "Zoë Müller"),
        ("<script>", lambda one: False),
    ],
)
def test_searching_leaves_what_has_all_the_words(page, typed, found):
    page.fill("#search", typed)
    assert shown(page) == ids(found)
    assert page.inner_text("#told") == f"{len(ids(found))} of 24 submissions shown"


def test_a_cleared_search_shows_everyone_again(page):
    page.fill("#search", "nobody")
    assert shown(page) == []
    page.fill("#search", "")
    assert len(shown(page)) == 24


@pytest.mark.parametrize(
    ("group", "is_in"),
    [
        ("below", lambda one: summary.part(one) is not None and summary.part(one) < 0.5),
        (
            "person",
            lambda one: one.flags or any(each.verdict == "needs_human" for each in one.questions),
        ),
        ("open", lambda one: one.problem == "unreadable"),
    ],
)
def test_a_group_can_be_shown_alone(page, group, is_in):
    page.select_option("#show", group)
    assert shown(page) == ids(is_in) != []


def test_those_with_a_misconception_can_be_shown_alone(page):
    for place, one in enumerate(summary.misconceptions(RESULTS)):
        page.select_option("#mistake", str(place))
        assert shown(page) == ids(lambda each, one=one: one.id in misconceptions(each))
        assert len(shown(page)) == one.submissions


def test_filters_and_search_work_together(page):
    page.select_option("#show", "open")
    page.fill("#search", "student002")
    assert shown(page) == ["student0021"]


@pytest.mark.parametrize(("order", "first"), [("lowest", 1), ("highest", -1)])
def test_scores_sort_both_ways_with_what_was_not_judged_last(page, order, first):
    page.select_option("#order", order)
    parts = {one.id: summary.part(one) for one in RESULTS.submissions}
    found = [parts[one] for one in shown(page)]
    judged = [one for one in found if one is not None]
    assert judged == sorted(judged, reverse=first < 0)
    assert found == judged + [None] * (len(found) - len(judged))


def test_sorting_keeps_the_search(page):
    page.fill("#search", "zoe")
    page.select_option("#order", "highest")
    assert sorted(shown(page)) == ids(lambda one: one.name == "Zoë Müller")
    page.select_option("#order", "id")
    assert shown(page) == ids(lambda one: one.name == "Zoë Müller")


def test_without_script_everything_is_there_and_nothing_that_needs_one(visit, site):
    page = visit(site / "index.html", java_script_enabled=False)
    assert shown(page) == ids(lambda one: True)
    assert not page.is_visible("#tools")
    tables = page.locator("table")
    assert tables.count() == 6
    assert all(tables.nth(at).is_visible() for at in range(6))


def test_search_works_on_a_phone_too(visit, site):
    page = visit(site / "index.html", viewport=PHONE)
    page.fill("#search", "student0007")
    assert shown(page) == ["student0007"]


def test_the_page_for_a_projector_names_nobody(visit, site):
    page = visit(site / "projector.html")
    text = page.content()
    assert page.locator("#everyone tbody tr").count() == 24
    assert not [one.id for one in RESULTS.submissions if one.id in text]
    assert not [one.name for one in RESULTS.submissions if one.name in text]
    page.select_option("#order", "lowest")
    assert page.locator("#everyone tbody tr:visible").count() == 24


def test_a_class_of_a_thousand_is_searched_at_once(visit, tmp_path):
    large = class_of(1_000)
    page = visit(write_class_pages(large, tmp_path) / "index.html")
    opened = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert opened < 10_000  # milliseconds; a third of one second on an idle machine
    took = page.evaluate("""() => {
        const search = document.getElementById("search");
        const started = performance.now();
        search.value = "student0777";
        search.dispatchEvent(new Event("input"));
        document.body.offsetHeight;  // lays the page out
        return performance.now() - started;
    }""")
    assert took < 2_000  # twenty milliseconds on an idle machine
    assert shown(page) == ["student0777"]
