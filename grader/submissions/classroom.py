"""`gh classroom clone student-repos`: `<slug>-submissions/<slug>-<username>/`, one a student."""

from collections.abc import Iterator

from grader.submissions.files import Tree, text
from grader.submissions.handins import HandIn, from_system, is_gradable

_ENDING = "-submissions"
_NOT_ANSWERS = ("conftest.py", "setup.py", "tests.py")


def recognises(tree: Tree) -> bool:
    """Whether it is such a folder: named so, and all that could be graded in its repositories."""
    slug = tree.name.removesuffix(_ENDING)
    if slug == tree.name:
        return False
    gradable = [file.parts for file in tree.files if is_gradable(file.path)]
    return bool(gradable) and all(
        len(parts) > 1 and parts[0].startswith(f"{slug}-") for parts in gradable
    )


def find(tree: Tree) -> Iterator[HandIn]:
    """The notebooks and modules of each repository under the user's name; tests are none."""
    slug = tree.name.removesuffix(_ENDING)
    for file in tree.files:
        repository, *inner = map(text, file.parts)
        if not inner or not is_gradable(file.path) or _is_a_test(inner):
            continue
        user = repository.removeprefix(f"{slug}-")
        yield from_system(
            "github_classroom",
            user,
            file,
            # What stands deeper in the repository is rather material than the answer.
            age=(-len(inner),),
            lms={"github_username": user, "student_repository_name": repository},
        )


def _is_a_test(inner: list[str]) -> bool:
    name = inner[-1]
    return (
        "tests" in inner[:-1]
        or name in _NOT_ANSWERS
        or name.startswith("test_")
        or name.endswith("_test.py")
    )
