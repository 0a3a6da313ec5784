"""A Chromium to look at the pages with, and the pages of a class of twenty-four."""

import shutil
from contextlib import ExitStack

import pytest

from .classes import class_of, write_site

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder with the pages of a class of twenty-four."""
    return write_site(class_of(24), tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if chromium is None:
        pytest.skip("there is no Chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Opens a file as its reader does; nothing may be said on the console or asked of a network."""
    said, asked = [], []
    with ExitStack() as held:

        def visit(path, **settings):
            context = held.enter_context(browser.new_context(**settings))
            page = context.new_page()
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.goto(path.as_uri())
            return page

        yield visit
    assert said == []
    assert [address for address in asked if not address.startswith("file:")] == []
