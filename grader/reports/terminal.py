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

from grader.messages import Language, Message, Parameter, render
from grader.reports import summary
from grader.reports.escaping import terminal
from grader.results import OutputResult, Override, QuestionResult, Results, SubmissionResult

_STYLES: dict[summary.Tone, str] = {
    "good": "green",
    "partial": "cyan",
    "bad": "red",
    "open": "yellow",
}
_ID = 66
_REASON = 78


def table(results: Results, language: Language = "en") -> RenderableType:
    """The class as a table that fits 80 columns, and a line that sums it up."""
    rows = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    submission, score, verdict, wrong = _heads(language)
    rows.add_column(submission, max_width=22, overflow="fold")
    rows.add_column(score, justify="right", no_wrap=True)
    rows.add_column(verdict, max_width=20, overflow="fold")
    rows.add_column(wrong, max_width=40, overflow="fold")
    for one in results.submissions:
        rows.add_row(
            Text(terminal(one.id, _ID)),
            summary.score(one),
            _verdicts(one, language),
            Text(terminal(summary.reason(one, language), _REASON)),
        )
    return Group(rows, Text(), Text(summary.summary_line(results, language), style="bold"))


def plain(results: Results, language: Language = "en") -> str:
    """The same in columns set apart by spaces: no drawing, no colours, verdicts by their ids."""
    rows = [_heads(language)]
    rows += [
        (
            terminal(one.id, _ID),
            summary.score(one),
            one.problem or ",".join(question.verdict for question in one.questions),
            terminal(summary.reason(one, language), _REASON),
        )
        for one in results.submissions
    ]
    widths = [max(cell_len(row[place]) for row in rows) for place in range(3)]
    lines = ["  ".join([*map(set_cell_size, row[:3], widths), row[3]]).rstrip() for row in rows]
    return "\n".join([*lines, "", summary.summary_line(results, language)])


def _heads(language: Language) -> tuple[str, str, str, str]:
    submission, score, verdict, wrong = (
        _say(f"report.{one}", language).lower()
        for one in ("submission", "score", "verdict", "what_is_wrong")
    )
    return submission, score, verdict, wrong


def detail(result: SubmissionResult, language: Language = "en") -> RenderableType:
    """One submission, question by question: verdict, points, what was said, and the hints."""
    head = Text(terminal(result.name or result.id), style="bold")
    head.append(f"  {summary.score(result)}")
    head.append(_kept(result, language))
    if result.pending and result.score is not None:
        pending = _say("report.still_pending", language, points=summary.points(result.pending))
        head.append(f"  ({pending})", style="yellow")
    parts: list[RenderableType] = [head]
    if result.problem is not None:
        parts.append(_problem(result, language))
        parts.append(_indented(render(result.problem_message or "", language)))
    for question in result.questions:
        parts.extend(_question(question, language))
    if result.remarks:
        parts.append(Text())
    parts.extend(Text(terminal(render(one, language)), style="dim") for one in result.remarks)
    return Group(*parts)


def _question(question: QuestionResult, language: Language) -> Iterator[RenderableType]:
    head = Text(terminal(question.id), style="bold")
    message = render(question.message, language)
    yield Text()
    points = f"  {summary.score(question)}{_kept(question, language)}  "
    yield Text.assemble(head, points, _verdict(question, language))
    yield _indented(message)
    if len(question.outputs) > 1 and question.verdict != "correct":
        # Unexpanded, a column that is empty throughout would take its width from the others.
        yield Padding(_outputs(question, language), (0, 0, 0, 2))
    feedback = question.feedback
    line = _say("line_alone", language, number=feedback.line)
    if feedback.line is not None and line not in message:
        yield _indented(_say("report.your_line", language, line=feedback.line))
    for what, said in (("expected", feedback.expected), ("found", feedback.found)):
        if said is not None and said not in message:
            yield _indented(f"{_say(f'report.{what}', language).lower()}: {said}")
    # A finding's message may be the first hint, or the question's own.
    findings = dict.fromkeys(render(one.message, language) for one in question.diagnoses)
    for finding in findings:
        if finding != message:
            yield _indented(finding)
    for hint in (render(one, language) for one in feedback.hints):
        if hint not in findings and hint != message:
            yield _indented(_say("report.hint", language, hint=hint))
    if question.override is not None:
        yield _indented(_override(question.override, language))


def _kept(result: SubmissionResult | QuestionResult, language: Language) -> str:
    kept = summary.by_follow_through(result)
    said = _say("report.by_follow_through", language, points=summary.points(kept))
    return f", {said}" if kept else ""


def _override(override: Override, language: Language) -> str:
    marked = _say("report.marked", language).lower()
    points = summary.points(override.score)
    by = _say("report.marked_by", language, points=points, by=override.by, comment=override.comment)
    return f"{marked} {by}"


def _outputs(question: QuestionResult, language: Language) -> Table:
    rows = Table.grid(padding=(0, 2, 0, 0))
    for output in question.outputs:
        says_more = output.verdict != "correct" and output.message != question.message
        rows.add_row(
            Text(terminal(output.name, _ID)),
            f"{summary.points(output.score)}/{summary.points(output.max_score)}",
            _verdict(output, language),
            Text(terminal(render(output.message, language)) if says_more else ""),
        )
    return rows


def _indented(text: str) -> Padding:
    return Padding(Text(terminal(text)), (0, 0, 0, 2), expand=False)


def _verdicts(result: SubmissionResult, language: Language) -> Text:
    if result.problem is not None:
        return _problem(result, language)
    if len(result.questions) <= summary.MOST_NAMED:
        return Text("\n").join(_verdict(one, language) for one in result.questions)
    counts = summary.tally([question.verdict for question in result.questions])
    return Text("\n").join(
        _said(summary.tone(verdict), f"{count} {summary.words('verdict', verdict, language)}")
        for verdict, count in counts
    )


def _verdict(judged: QuestionResult | OutputResult, language: Language) -> Text:
    words = summary.words("verdict", judged.verdict, language)
    return _said(summary.tone(judged.verdict), words)


def _problem(result: SubmissionResult, language: Language) -> Text:
    tone: summary.Tone = "open" if result.score is None else "bad"
    return _said(tone, summary.words("problem", result.problem or "", language))


def _said(tone: summary.Tone, words: str) -> Text:
    return Text(f"{summary.ICONS[tone]} {words}", style=_STYLES[tone])


def _say(identifier: str, language: Language, **parameters: Parameter) -> str:
    return render(Message(identifier, parameters), language)
