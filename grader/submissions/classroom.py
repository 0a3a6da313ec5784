"""`gh classroom clone student-repos`: `<slug>-submissions/<slug>-<username>/`, one a student."""

from collections.abc import Iterator

from grader.submissions.files import File, Tree, text
from grader.submissions.handins import HandIn, from_system, is_gradable
from grader.submissions.kinds import is_document

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
    """The notebooks and modules of each repository under the user's name; tests are none.

    Where there are none, the documents that stand in their place.
    """
    slug = tree.name.removesuffix(_ENDING)
    answering = {file.parts[0] for file in tree.files if _is_answer(file)}
    for file in tree.files:
        repository, *inner = map(text, file.parts)
        if not _is_answer(file) and (file.parts[0] in answering or not is_document(file)):
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


def _is_answer(file: File) -> bool:
    name = file.name
    is_test = (
        "tests" in file.parts[1:-1]
        or name in _NOT_ANSWERS
        or name.startswith("test_")
        or name.endswith("_test.py")
    )
    return bool(file.folder) and is_gradable(file.path) and not is_test
