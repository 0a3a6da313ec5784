"""The house: what stands at the top level, and who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOP_LEVEL = {"pyproject.toml", "README.md", "LICENSE", "grader", "reference_engine", "assignments",
             "tests"}  # fmt: skip


def modules(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported_by(path):
    """The modules that a file imports anywhere, functions included; not those for types alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def within(module, package):
    return module == package or module.startswith(f"{package}.")


def offenders(paths, is_forbidden):
    found = {
        path.relative_to(ROOT).as_posix(): sorted(filter(is_forbidden, imported_by(path)))
        for path in paths
    }
    return {path: names for path, names in found.items() if names}


def test_the_top_level_holds_what_the_design_says():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("not a git checkout")
    names = {line.split("/")[0] for line in tracked.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} == TOP_LEVEL


def test_the_engine_imports_numpy_and_the_standard_library_only():
    def foreign(module):
        top = module.split(".")[0]
        return top not in sys.stdlib_module_names | {"numpy", "reference_engine"}

    assert offenders(modules("reference_engine"), foreign) == {}


def test_comparison_and_diagnosis_never_import_the_sandbox():
    judges = [ROOT / "grader" / f"{name}.py" for name in
              ("comparison", "cases", "messages", "outcomes", "values")]  # fmt: skip
    judges += modules("grader/diagnosis")
    assert offenders(judges, lambda module: within(module, "grader.sandbox")) == {}


def test_reports_read_results_and_nothing_else():
    def other(module):
        allowed = ("grader.results", "grader.reports", "grader.messages", "grader.__version__")
        return (
            within(module, "grader")
            and module != "grader"
            and not any(within(module, one) for one in allowed)
        )

    assert offenders(modules("grader/reports"), other) == {}


def test_the_workers_side_imports_nothing_of_the_grader_but_the_protocol():
    def other(module):
        allowed = ("grader.sandbox.protocol", "grader.sandbox.worker")
        return within(module, "grader") and not any(within(module, one) for one in allowed)

    assert offenders(modules("grader/sandbox/worker"), other) == {}


def test_the_protocol_imports_nothing_of_the_grader():
    def other(module):
        return within(module, "grader") and not within(module, "grader.sandbox.protocol")

    assert offenders(modules("grader/sandbox/protocol"), other) == {}


def test_only_grading_and_the_commands_know_the_whole_way():
    def knows(path, *packages):
        imports = imported_by(path)
        return all(any(within(one, package) for one in imports) for package in packages)

    whole = {
        path.stem
        for path in modules("grader")
        if knows(path, "grader.sandbox", "grader.comparison", "grader.diagnosis")
    }
    assert whole == {"grading"}


def test_intake_and_reports_do_not_know_each_other():
    intake = [*modules("grader/submissions"), ROOT / "grader" / "notebooks.py"]
    assert offenders(intake, lambda module: within(module, "grader.reports")) == {}


@pytest.mark.parametrize("module", ["grader", "grader.cli"])
def test_help_is_not_kept_waiting_by_heavy_imports(module):
    heavy = "{'numpy', 'rich', 'jinja2', 'msgspec', 'nbformat', 'IPython'}"
    code = f"import sys, {module}; sys.exit(', '.join({heavy} & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.stderr.strip() == ""
