"""Results in a terminal: the table of a class, the same without drawing, and one submission.

Text of a student's is shown through `escaping.terminal` and as `rich.text.Text`, which reads no
markup; colours are rich's, so that NO_COLOR and pipes are honoured.
"""

from collections.abc import Iterator

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.reports import summary
from grader.reports.escaping import terminal
from grader.results import OutputResult, QuestionResult, Results, SubmissionResult

_STYLES: dict[summary.Tone, str] = {
    "good": "green",
    "partial": "cyan",
    "bad": "red",
    "open": "yellow",
}
_ID = 66
_REASON = 78


def table(results: Results) -> RenderableType:
    """The class as a table that fits 80 columns, and a line that sums it up."""
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    rows.add_column("submission", max_width=22, overflow="fold")
    rows.add_column("score", justify="right", no_wrap=True)
    rows.add_column("verdict", max_width=20)
    rows.add_column("what is wrong", max_width=40, overflow="fold")
    for one in results.submissions:
        rows.add_row(
            Text(terminal(one.id, _ID)),
            summary.score(one),
            _verdicts(one),
            Text(terminal(summary.reason(one), _REASON)),
        )
    return Group(rows, Text(), Text(summary.summary_line(results), style="bold"))


def plain(results: Results) -> str:
    """The same in columns set apart by spaces: no drawing, no colours, verdicts by their ids."""
    rows = [("submission", "score", "verdict", "what is wrong")]
    rows += [
        (
            terminal(one.id, _ID),
            summary.score(one),
            one.problem or ",".join(question.verdict for question in one.questions),
            terminal(summary.reason(one), _REASON),
        )
        for one in results.submissions
    ]
    widths = [max(cell_len(row[place]) for row in rows) for place in range(3)]
    lines = ["  ".join([*map(set_cell_size, row[:3], widths), row[3]]).rstrip() for row in rows]
    return "\n".join([*lines, "", summary.summary_line(results)])


def detail(result: SubmissionResult) -> RenderableType:
    """One submission, question by question: verdict, points, what was said, and the hints."""
    head = Text(terminal(result.name or result.id), style="bold")
    head.append(f"  {summary.score(result)}")
    if result.pending and result.score is not None:
        head.append(f"  ({summary.points(result.pending)} still to be judged)", style="yellow")
    parts: list[RenderableType] = [head]
    if result.problem is not None:
        parts.append(_problem(result))
        parts.append(_indented(result.problem_message or ""))
    for question in result.questions:
        parts.extend(_question(question))
    return Group(*parts)


def _question(question: QuestionResult) -> Iterator[RenderableType]:
    head = Text(terminal(question.id), style="bold")
    yield Text()
    yield Text.assemble(head, f"  {summary.score(question)}  ", _verdict(question))
    yield _indented(question.message)
    if len(question.outputs) > 1 and question.verdict != "correct":
        yield Padding(_outputs(question), (0, 0, 0, 2), expand=False)
    feedback = question.feedback
    if feedback.line is not None:
        yield _indented(f"line {feedback.line} of your code")
    if feedback.expected is not None and feedback.expected not in question.message:
        yield _indented(f"expected: {feedback.expected}")
    if feedback.found is not None and feedback.found not in question.message:
        yield _indented(f"found: {feedback.found}")
    # A finding's message may be the first hint, or the question's own.
    findings = dict.fromkeys(diagnosis.message for diagnosis in question.diagnoses)
    for finding in findings:
        if finding != question.message:
            yield _indented(finding)
    for hint in question.feedback.hints:
        if hint not in findings and hint != question.message:
            yield _indented(f"hint: {hint}")
    if question.override is not None:
        mark = summary.points(question.override.score)
        yield _indented(f"marked {mark} by {question.override.by}: {question.override.comment}")


def _outputs(question: QuestionResult) -> Table:
    rows = Table.grid(padding=(0, 2, 0, 0))
    for output in question.outputs:
        says_more = output.verdict != "correct" and output.message != question.message
        rows.add_row(
            Text(terminal(output.name, _ID)),
            f"{summary.points(output.score)}/{summary.points(output.max_score)}",
            _verdict(output),
            Text(terminal(output.message) if says_more else ""),
        )
    return rows


def _indented(text: str) -> Padding:
    return Padding(Text(terminal(text)), (0, 0, 0, 2), expand=False)


def _verdicts(result: SubmissionResult) -> Text:
    if result.problem is not None:
        return _problem(result)
    if len(result.questions) <= summary.MOST_NAMED:
        return Text("\n").join(map(_verdict, result.questions))
    counts = summary.tally([question.verdict for question in result.questions])
    return Text("\n").join(
        _said(summary.tone(verdict), f"{count} {summary.words(verdict)}")
        for verdict, count in counts
    )


def _verdict(judged: QuestionResult | OutputResult) -> Text:
    return _said(summary.tone(judged.verdict), summary.words(judged.verdict))


def _problem(result: SubmissionResult) -> Text:
    tone: summary.Tone = "open" if result.score is None else "bad"
    return _said(tone, summary.words(result.problem or ""))


def _said(tone: summary.Tone, words: str) -> Text:
    return Text(f"{summary.ICONS[tone]} {words}", style=_STYLES[tone])
