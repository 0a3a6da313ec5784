"""A student's page in a browser: their code with the line that is meant, and nothing that runs."""

import pytest

from .classes import class_of, student_page

WRONG = next(
    one.id for one in class_of(24).submissions if any(each.diagnoses for each in one.questions)
)


@pytest.fixture
def page(visit, site):
    return visit(student_page(site, WRONG))


def test_the_line_that_is_meant_is_marked_in_words(page):
    marked = page.locator("li.marked")
    assert marked.count() == 1
    assert marked.get_attribute("value") == "4"
    assert marked.is_visible()
    assert "d = 2 * (out - y) / len(y)" in marked.inner_text()
    assert marked.inner_text().endswith("look here")


def test_a_students_markup_is_text(page):
    assert "# <script>alert(1)</script>" in page.inner_text("li.marked code")
    assert page.locator("script").count() == 0


def test_every_picture_has_a_sentence_and_a_table(page):
    drawings = page.locator(".drawing")
    assert drawings.count() == 3
    for one in drawings.all():
        assert one.locator("figcaption").inner_text()
        one.locator("summary").click()
        assert one.locator("table").is_visible()


def test_the_code_of_a_right_answer_is_there_when_asked_for(page):
    (summary,) = page.locator("details:not([open]) summary", has_text="Your code").all()
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("text=times_run = 8").is_visible()


def test_it_says_the_same_without_script(visit, site):
    page = visit(student_page(site, WRONG), java_script_enabled=False)
    assert page.locator("li.marked").is_visible()


def test_a_script_that_got_in_would_not_run(browser, site, tmp_path):
    text = student_page(site, WRONG).read_text("utf-8")
    changed = tmp_path / "changed.html"
    changed.write_text(text.replace("</main>", "<script>document.title = 'ran'</script></main>"))
    page, said = browser.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.goto(changed.as_uri())
    assert page.title() != "ran"
    assert "Content Security Policy" in said[0]
    page.close()
