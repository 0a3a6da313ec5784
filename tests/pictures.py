"""Makes the README's pictures from bundled samples, as people see them.

It needs Chromium:  python tests/pictures.py
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

from grader.gradebook import existing
from grader.reports import pages

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / ".pictures"
ASSIGNMENT = "no_grad_detach"
STUDENT = "fabio"
WINDOW = {"width": 960, "height": 1120}


def main() -> None:
    """Grade the samples, and keep the pictures of what that gave."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "results"
        told = grade(out)
        (PICTURES / "terminal.svg").write_text(terminal(told), encoding="utf-8")
        with existing(out) as book:
            student = out / pages.FOLDER / pages.page_address(STUDENT, book.secret)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport=WINDOW)
            page.goto((out / "index.html").as_uri())
            page.screenshot(path=PICTURES / "class.png")
            page.goto(student.as_uri())
            page.locator(".question").first.screenshot(path=PICTURES / "student.png")
            browser.close()


def grade(out: Path) -> str:
    """What `grader grade` writes to a terminal of 80 columns."""
    samples = ROOT / "assignments" / ASSIGNMENT / "samples"
    command = [
        sys.executable, "-c", "from grader.cli import main; main()", "grade", samples,
        "-a", ASSIGNMENT, "-o", out, "--seed", "pictures", "--lang", "en", "--timeout", "3",
    ]  # fmt: skip
    colours = {"FORCE_COLOR": "1", "COLUMNS": "80", "TERM": "xterm-256color"}
    done = subprocess.run(
        command, env=os.environ | colours, capture_output=True, check=False, encoding="utf-8"
    )
    return done.stdout


def terminal(told: str) -> str:
    """A terminal with what was told in it, as SVG."""
    console = Console(width=80, record=True, file=StringIO(), color_system="truecolor")
    console.print(Text.from_ansi(f"$ grader grade samples -a {ASSIGNMENT}\n{told}".rstrip()))
    svg = console.export_svg(title="grader", unique_id="terminal")
    # The letters are the reader's own: nothing is fetched from elsewhere.
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    main()
