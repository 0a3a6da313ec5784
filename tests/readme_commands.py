"""Runs the README's two quick-start commands as a newcomer would, and says what came of them.

    python3 tests/readme_commands.py FOLDER

FOLDER gets a fresh clone and an empty home folder; of this environment go along PATH and the
settings of pip and xdist. The exit status is 0 when both commands end well and the first leaves its
results behind.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEPT = ("PIP_", "PYTEST_XDIST_")
"""Settings of pip, and of how many tests run at a time."""


def quick_start_commands() -> list[str]:
    """The `sh` blocks of the README's Quick start, each one command line."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## Quick start", 1)[1]
    return re.findall(r"```sh\n(.*?)\n```", section.split("\n## ", 1)[0], re.DOTALL)


def main(folder: Path) -> int:
    commands = quick_start_commands()
    if len(commands) != 2 or any("\n" in command for command in commands):
        print("README's Quick start needs exactly two sh blocks of one line each")
        return 1
    clone, home = folder / "clone", folder / "home"
    home.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **kept}
    for command in commands:
        print(f"$ {command}", flush=True)
        ended = subprocess.run(["sh", "-c", command], cwd=clone, env=environment, check=False)
        if ended.returncode:
            print(f"ended with {ended.returncode}")
            return 1
    for name in ("results.json", "index.html"):
        if not (clone / "results" / name).is_file():
            print(f"results/{name} is missing")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
