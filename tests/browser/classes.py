"""A class of any size, always the same, and its pages as `grade` writes them."""

import random

from grader.messages import Languages, Message
from grader.reports import html, pages
from grader.results import (
    Diagnosis,
    Edge,
    EntriesPicture,
    Feedback,
    Graph,
    GraphPicture,
    Isolation,
    Mark,
    Node,
    OutputResult,
    QuestionResult,
    Results,
    StepsPicture,
    SubmissionResult,
)

FULL = Isolation(level="full", layers=("landlock", "seccomp", "rlimits"))
MISTAKES = ("accumulated_gradient", "mean_over_batch_only", "wrong_sign", "detached_by_data")
NAMES = ("Ana Souza", "Zoë Müller", "José Pérez", "Chidi Okafor", "李 雷", "Aoife Ní Bhriain")
OUTPUTS = ("dW2", "db2", "dW1", "db1")
CODE = (
    "import numpy as np\n",
    """\
def mlp_backprop(x, W1, b1, W2, b2, y):
    h = np.tanh(x @ W1 + b1)
    out = h @ W2 + b2
    d = 2 * (out - y) / len(y)  # <script>alert(1)</script>
    dz = (d @ W2.T) * (1 - h**2)
    return {"dW2": h.T @ d, "db2": d.sum(0), "dW1": x.T @ dz, "db1": dz.sum(0)}
""",
    "times_run = 8\n",
)
SECRET = b"s" * 32


def graph(kind):
    """A chain of operations with a leaf at its start, and an edge of this kind before its end."""
    names = ("W1", "mm", "tanh", "mean")
    nodes = [Node(kind="leaf", name=names[0], shape="(5, 11)")]
    nodes += [Node(kind="operation", name=name, shape="(2, 11)", line=4) for name in names[1:]]
    edges = [Edge(source=at, target=at + 1, kind="flows") for at in range(2)]
    return Graph(nodes=tuple(nodes), edges=(*edges, Edge(source=2, target=3, kind=kind)))


PICTURES = (
    GraphPicture(
        own=graph("cut"), reference=graph("flows"),
        mark=Mark(kind="cut", node=3, source=2, by="data", cell=1, line=4),
    ),
    EntriesPicture(output="dW2", shape=(3, 4), pattern="=x==~===?x=="),
    StepsPicture(output="losses", deviations=(0.0, 0.0, 0.1, 0.4, None)),
)  # fmt: skip


def class_of(count):
    """A class of so many, always the same, with everything that a page can show."""
    draw = random.Random(count)  # noqa: S311 - nothing is to be kept secret
    made = (student(number, draw) for number in range(count))
    submissions = tuple(sorted(made, key=lambda one: one.id))
    return Results(
        assignment="mlp_backprop", title="A small network by hand", grader_version="0.1.0",
        seed="7f3a91c2", submissions=submissions,
    )  # fmt: skip


def student(number, draw):
    """One of the class: every eleventh cannot be read, one in seven waits for a person."""
    given = {
        "id": f"student{number:04}", "name": draw.choice(NAMES),
        "path": f"student{number:04}.ipynb", "sha256": f"{number:064x}", "seconds": 0.01,
        "max_score": 6.0, "flags": (), "isolation": FULL, "torch": "facade", "problem": None,
    }  # fmt: skip
    if number % 11 == 10:
        given |= {"score": None, "pending": 6.0, "isolation": None, "torch": None, "questions": ()}
        told = "The file is not a notebook, or it is damaged: save it again, and hand it in."
        return SubmissionResult(**given | {"problem": "unreadable", "problem_message": told})
    backprop = wrong(draw) if draw.random() < 0.5 else right("mlp_backprop", 4.0)
    if number % 9 == 4:
        backprop = missing("mlp_backprop", 4.0)
    times = waiting() if number % 7 == 3 else right("times_run", 2.0)
    questions = (backprop, times)
    judged = [one for one in questions if one.score is not None]
    flags = ("numeric_differentiation",) if number % 13 == 5 else ()
    return SubmissionResult(**given | {
        "score": sum(one.score for one in judged), "questions": questions, "flags": flags,
        "pending": 6.0 - sum(one.max_score for one in judged),
    })  # fmt: skip


def right(name, points):
    return QuestionResult(
        id=name, score=points, max_score=points, verdict="correct", message=Message("correct")
    )


def missing(name, points):
    return QuestionResult(
        id=name, score=0.0, max_score=points, verdict="missing",
        message=Message("name_missing", {"name": name}),
    )  # fmt: skip


def waiting():
    return QuestionResult(
        id="times_run", score=None, max_score=2.0, verdict="needs_human",
        message=Message("text_waiting"),
    )  # fmt: skip


def wrong(draw):
    """A wrong answer with a misconception, its hints, and the line that they speak of."""
    mistake = draw.choice(MISTAKES)
    place = Message("line", {"number": 4, "source": CODE[1].splitlines()[3].strip()})
    hints = tuple(
        Message(f"misconception.{mistake}.{step}", {"where": "dW2", "line": place})
        for step in ("idea", "place", "rule")
    )
    found = Message("wrong_value", {"found": "array(11, 2) float64 [-2.02, -0.48, -0.35, …"})
    outputs = tuple(
        OutputResult(
            name=name, max_score=1.0, score=0.0 if name == "dW2" else 1.0,
            verdict="wrong_value" if name == "dW2" else "follow_through",
            message=found if name == "dW2" else Message("follow_through"),
        )
        for name in OUTPUTS
    )  # fmt: skip
    return QuestionResult(
        id="mlp_backprop", score=3.0, max_score=4.0, verdict="wrong_value", outputs=outputs,
        message=Message("output", {"name": "dW2", "inner": found}),
        feedback=Feedback(hints=hints, line=4),
        diagnoses=(Diagnosis(id=mistake, where="dW2", message=hints[0], exact=True),),
        pictures=PICTURES,
    )  # fmt: skip


def write_site(results, folder, language="en"):
    """The pages of a class as `grade` writes them, and the one for a projector."""
    pages.write(
        results.submissions, folder, title_in=lambda _: results.title, secret=SECRET,
        cells_of=lambda _: CODE, languages=Languages(language),
    )  # fmt: skip
    return write_class_pages(results, folder, language)


def write_class_pages(results, folder, language="en"):
    """The pages of the class alone."""
    html.write(results, folder, secret=SECRET, language=language)
    html.write_nameless(results, folder, secret=SECRET, language=language)
    return folder


def student_page(site, student="student0000"):
    """The file of one student's page."""
    return site / pages.FOLDER / pages.page_address(student, SECRET)
