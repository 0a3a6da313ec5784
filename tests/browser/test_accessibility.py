"""Every kind of page under WCAG 2.2 AA: by axe-core, by keyboard, small, dark, and on paper."""

from itertools import pairwise

import pytest

from .classes import class_of, student_page, write_class_pages, write_site

axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
WRONG = next(
    one.id for one in class_of(12).submissions if any(each.diagnoses for each in one.questions)
)
# 320 CSS pixels are a window of 1,280 at 400 %.
SIZES = {"window": {"width": 1280, "height": 800}, "at 400 %": {"width": 320, "height": 256}}
PAGES = {
    "class": lambda site: site / "index.html",
    "projector": lambda site: site / "projector.html",
    "student": lambda site: student_page(site, WRONG),
    "unreadable": lambda site: student_page(site, "student0010"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages of a class that is small, since axe looks at every element, and has one of each."""
    return write_site(class_of(12), tmp_path_factory.mktemp("small"))


every_page = pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[] if kind in ("class", "student") else pytest.mark.slow)
        for kind in PAGES
    ],
)
every_size = pytest.mark.parametrize("size", SIZES)


def violations(page):
    found = axe_playwright.Axe().run(page, options=RULES).response
    return [
        (one["id"], node["html"][:120]) for one in found["violations"] for node in one["nodes"][:3]
    ]


@every_page
@pytest.mark.parametrize(
    ("size", "theme"),
    [
        ("window", "light"),
        pytest.param("at 400 %", "light", marks=pytest.mark.slow),
        pytest.param("window", "dark", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing(visit, site, kind, size, theme):
    page = visit(PAGES[kind](site), color_scheme=theme, viewport=SIZES[size])
    assert violations(page) == []


def test_axe_would_find_something(visit, site, tmp_path):
    text = (site / "index.html").read_text("utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(text.replace('<label for="search">', "<label>"), encoding="utf-8")
    assert [rule for rule, _ in violations(visit(broken))] == ["label"]


@pytest.mark.parametrize(("language", "tag"), [("en", "en"), ("pt", "pt-BR"), ("es", "es")])
def test_a_page_says_which_language_it_is_in(visit, tmp_path, language, tag):
    page = visit(write_class_pages(class_of(3), tmp_path, language) / "index.html")
    assert page.get_attribute("html", "lang") == tag


@every_page
def test_the_themes_are_two(visit, site, kind):
    colours = {
        visit(PAGES[kind](site), color_scheme=theme).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for theme in ("light", "dark")
    }
    assert len(colours) == 2


@every_page
def test_at_400_percent_nothing_stands_beside_the_window(visit, site, kind):
    page = visit(PAGES[kind](site), viewport=SIZES["at 400 %"])
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    beside = page.evaluate("""() => Array.from(document.body.querySelectorAll("*"))
        .filter(one => one.getBoundingClientRect().right > 321)
        .filter(one => !one.closest(".scrolled"))  // the tables of pictures scroll by themselves
        .map(one => one.outerHTML)""")
    assert beside == []


@every_size
def test_tables_are_tables_at_every_size(visit, site, size):
    page = visit(site / "index.html", viewport=SIZES[size])
    told = page.locator("#everyone").aria_snapshot()
    assert 'columnheader "Score"' in told
    assert told.count("rowheader") == 12


@every_page
def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(visit, site, kind):
    page = visit(PAGES[kind](site))
    wanted = page.locator("a:visible, input:visible, select:visible, summary:visible").count()
    reached = []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("""() => {
                const one = document.activeElement;
                const style = getComputedStyle(one);
                const all = Array.from(document.querySelectorAll("*"));
                return [all.indexOf(one), style.outlineStyle, parseFloat(style.outlineWidth),
                    one.getBoundingClientRect().width > 1];
            }""")
        )
    places = [place for place, *_ in reached]
    assert places == sorted(set(places))
    assert {(line, width, is_seen) for _, line, width, is_seen in reached} == {("solid", 3, True)}


@pytest.mark.parametrize("kind", ["class", "projector", "student"])
def test_the_first_stop_skips_to_the_results(visit, site, kind):
    page = visit(PAGES[kind](site))
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the results"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    in_main = "document.activeElement === document.body || !!document.activeElement.closest('main')"
    assert page.evaluate(in_main)


@every_page
def test_nothing_moves(visit, site, kind):
    page = visit(PAGES[kind](site))
    moving = page.evaluate("""() => Array.from(document.querySelectorAll("*")).filter(one => {
        const style = getComputedStyle(one);
        return style.animationName !== "none" || style.transitionDuration !== "0s";
    }).length""")
    assert moving == 0
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


@every_page
def test_headings_go_down_step_by_step(visit, site, kind):
    page = visit(PAGES[kind](site))
    levels = page.locator("h1, h2, h3, h4, h5, h6").evaluate_all(
        "all => all.map(one => Number(one.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_on_paper_the_tables_are_whole_and_the_tools_are_gone(visit, site):
    page = visit(site / "index.html")
    page.emulate_media(media="print")
    assert not page.is_visible("#tools")
    assert not page.is_visible("nav")
    rows = page.locator("#everyone tbody tr")
    assert all(rows.nth(at).inner_text().strip() for at in (0, 11))
    assert page.pdf().startswith(b"%PDF")


def test_on_paper_the_marked_line_is_there(visit, site):
    page = visit(student_page(site, WRONG))
    page.emulate_media(media="print")
    assert page.locator("li.marked").is_visible()
